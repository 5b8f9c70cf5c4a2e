"""The measures that the config can name, and the metrics that each gives."""

# What `metrics.measures` may name, and the metrics that each gives.
MEASURES = {
    "restart_spread": (
        "adjusted_rand_index_min",
        "adjusted_rand_index_mean",
        "adjusted_rand_index_max",
        "adjusted_rand_index_sd",
    ),
    "adjusted_mutual_information": ("adjusted_mutual_information",),
    "v_measure": ("homogeneity", "completeness", "v_measure"),
    "davies_bouldin": ("davies_bouldin", "label_davies_bouldin"),
    "class_silhouette": ("class_silhouette",),
    "knn_purity": ("knn_purity",),
    "linear_probe": ("linear_probe_accuracy",),
    "effective_rank": ("effective_rank",),
    "participation_ratio": ("participation_ratio",),
    "intrinsic_dimension": ("intrinsic_dimension",),
    "neural_collapse": ("nc1", "nc2_equinorm", "nc2_equiangular", "nc4_agreement"),
}

# A value a class in place of one.
PER_CLASS = ("class_silhouette",)
