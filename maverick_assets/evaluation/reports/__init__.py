"""Reports that the owner reads in a browser: one file each, nothing loaded from elsewhere."""
