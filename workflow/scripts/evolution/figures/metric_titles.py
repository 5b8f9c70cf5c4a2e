"""How metrics are called in figures, on pages and in sentences, by whatever the samples are measured against.

It is a module of its own so that a new title draws figures again and measures nothing. The other metrics have their
titles in the figures that show them.
"""

METRIC_TITLES = {
    "silhouette": "Silhouette",
    "adjusted_rand_index": "Adjusted Rand index",
    "normalized_mutual_information": "Normalized mutual information",
    "label_silhouette": "Label silhouette",
    "knn_accuracy": "k-NN accuracy",
    "knn_r2": "k-NN R²",
    "knn_average_precision": "k-NN average precision",
    "linear_probe_accuracy": "Linear probe accuracy",
    "linear_probe_r2": "Linear probe R²",
    "linear_probe_average_precision": "Linear probe average precision",
}
# The columns of the summary have room for less.
SUMMARY_TITLES = METRIC_TITLES | {
    "adjusted_rand_index": "ARI",
    "normalized_mutual_information": "NMI",
    "linear_probe_accuracy": "Probe accuracy",
    "linear_probe_r2": "Probe R²",
    "knn_average_precision": "k-NN AP",
    "linear_probe_average_precision": "Probe AP",
    "effective_rank": "Effective rank",
    "participation_ratio": "Participation ratio",
    "intrinsic_dimension": "Intrinsic dimension",
}
# How sentences call the metrics that layers are compared by. Average precision is the mean over the labels.
SENTENCE_NAMES = {
    "adjusted_rand_index": "adjusted Rand index",
    "knn_r2": "R² of the nearest neighbours",
    "knn_average_precision": "average precision of the nearest neighbours",
    "silhouette": "silhouette of the k-means clusters",
}
