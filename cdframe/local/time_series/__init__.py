"""Time series: what a series of data points is called and means."""
