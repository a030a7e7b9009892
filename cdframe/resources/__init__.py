"""The resource families of CDF, one module each, on a shared base."""
