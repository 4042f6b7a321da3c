"""Pictures and papers: everything here shows a survey and computes nothing of its own."""
