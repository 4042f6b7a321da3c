"""Parts of the script that draws the simulated Handan: streets, land, sites, ledgers, events."""
