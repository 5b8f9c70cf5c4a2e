"""The basic metrics of a layer by scikit-learn, for the tests."""

from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, normalized_mutual_info_score, silhouette_score
from sklearn.model_selection import LeaveOneOut, cross_val_score
from sklearn.neighbors import KNeighborsClassifier
from sklearn.preprocessing import normalize

from evolution.seeds import integer_seed


def truth(raw, labels, settings):
    """The metrics of the raw activations by scikit-learn with its own defaults, and the k-means clusters."""
    rows = normalize(raw)
    assigned = KMeans(
        settings.clusters, n_init=settings.n_init, random_state=integer_seed(settings.seed, "k-means")
    ).fit_predict(rows)
    return {
        "silhouette": silhouette_score(rows, assigned),
        "adjusted_rand_index": adjusted_rand_score(labels, assigned),
        "normalized_mutual_information": normalized_mutual_info_score(labels, assigned),
        "label_silhouette": silhouette_score(rows, labels),
        "knn_accuracy": cross_val_score(
            KNeighborsClassifier(settings.neighbors), rows, labels, cv=LeaveOneOut()
        ).mean(),
    }, assigned
