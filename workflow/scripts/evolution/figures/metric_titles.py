"""How metrics are called in figures and in the summary, by whatever the samples are measured against.

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
    "knn_r2": "k-NN R²",
    "linear_probe_r2": "Probe R²",
    "knn_average_precision": "k-NN mAP",
    "linear_probe_average_precision": "Probe mAP",
    "effective_rank": "Effective rank",
    "participation_ratio": "Participation ratio",
    "intrinsic_dimension": "Intrinsic dimension",
}
