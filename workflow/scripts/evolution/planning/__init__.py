"""What Snakemake needs to know before any job runs. Loads neither NumPy nor torch."""
