"""The street network: dead ends, missing links, what opening them would bring."""
