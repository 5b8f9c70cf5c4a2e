"""How the metrics that are always measured are called in figures and in the summary.

It is a module of its own so that a new title draws figures again and measures nothing. The other metrics have their
titles in the figures that show them.
"""

METRIC_TITLES = {
    "silhouette": "Silhouette",
    "adjusted_rand_index": "Adjusted Rand index",
    "normalized_mutual_information": "Normalized mutual information",
    "label_silhouette": "Label silhouette",
    "knn_accuracy": "k-NN accuracy",
}
# The columns of the summary have room for less.
SUMMARY_TITLES = METRIC_TITLES | {"adjusted_rand_index": "ARI", "normalized_mutual_information": "NMI"}
