"""cdframe and the official SDK side by side, against one local CDF: `make bench`."""
