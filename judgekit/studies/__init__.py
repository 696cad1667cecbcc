"""Published studies, one module each: their original files as items, raters and ratings."""
