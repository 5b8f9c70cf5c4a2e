"""The keys of `training` that a training job reads. The others say how it is cut into jobs, and what they take."""

TRAINING_KEYS = (
    *("batch_size", "accumulate", "optimizer", "optimizer_kwargs", "learning_rate", "weight_decay", "schedule"),
    *("augmentation", "label_smoothing", "class_weights", "clip_norm", "average", "precision", "recipe"),
    *("recipe_kwargs", "stop", "device", "threads"),
)
