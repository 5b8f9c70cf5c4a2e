"""The transformer of this workflow, small and for tokens."""

import math

import torch
from torch import nn

from evolution.data.kinds import PADDING
from evolution.errors import ModelError

WIDTH, HEADS = 64, 4


class SelfAttention(nn.Module):
    """Attention of each token to all tokens that are no padding (Vaswani and others 2017, arXiv:1706.03762).

    It is written out in matrices, as torch's own has a faster form in which no module within runs.
    """

    def __init__(self):
        super().__init__()
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)

    def forward(self, x, padding):
        samples, tokens, _ = x.shape
        query, key, value = (
            part.view(samples, tokens, HEADS, -1).transpose(1, 2) for part in self.qkv(x).split(WIDTH, dim=2)
        )
        scores = query @ key.transpose(2, 3) / math.sqrt(WIDTH // HEADS)
        # The lowest number and no infinity: a sample of padding alone has no NaN then.
        scores = scores.masked_fill(padding[:, None, None], torch.finfo(scores.dtype).min)
        return self.out((scores.softmax(3) @ value).transpose(1, 2).reshape(samples, tokens, WIDTH))


class Block(nn.Module):
    """Attention, and two fully connected layers for each token, each after a norm and added to what it is given."""

    def __init__(self):
        super().__init__()
        self.norm1, self.attention = nn.LayerNorm(WIDTH), SelfAttention()
        self.norm2, self.fc1, self.fc2 = nn.LayerNorm(WIDTH), nn.Linear(WIDTH, 2 * WIDTH), nn.Linear(2 * WIDTH, WIDTH)

    def forward(self, x, padding):
        x = x + self.attention(self.norm1(x), padding)
        return x + self.fc2(torch.relu(self.fc1(self.norm2(x))))


class TinyTransformer(nn.Module):
    """An embedding of tokens and their positions (64), two blocks of attention, and a classifier of the tokens' mean.

    Token 0 is padding, which no token attends to, and which the mean leaves out.

    Parameters
    ----------
    shape : tuple of int
        The tokens of a sample.
    classes : int
    vocabulary : int or None
        How many tokens there are, the padding among them; 0 where nobody knows, and None where samples are no tokens.
    dropout : float, default 0.1
        Share of the embedding, and of the mean, that is dropped in training.
    """

    def __init__(self, shape: tuple[int], classes: int, vocabulary: int | None, dropout: float = 0.1):
        super().__init__()
        if vocabulary == 0:
            raise ModelError(
                "tiny_transformer needs to know how many tokens there are, which the data do not say; give their "
                "vocabulary, or a model of your own (path/to/file.py:Class)",
                "model.name",
            )
        if len(shape) != 1 or vocabulary is None:
            raise ModelError(
                f"tiny_transformer takes tokens, and dataset.name gives samples of shape {tuple(shape)} that are none; "
                "choose another model",
                "model.name",
            )
        self.embedding = nn.Embedding(vocabulary, WIDTH, padding_idx=PADDING)
        self.position = nn.Parameter(torch.randn(shape[0], WIDTH) * 0.1)
        self.block1, self.block2, self.norm = Block(), Block(), nn.LayerNorm(WIDTH)
        self.head, self.dropout = nn.Linear(WIDTH, classes), nn.Dropout(dropout)

    def forward(self, x):
        padding = x == PADDING
        x = self.dropout(self.embedding(x) + self.position)
        x = self.norm(self.block2(self.block1(x, padding), padding))
        kept = (~padding).to(x.dtype)[:, :, None]
        return self.head(self.dropout((x * kept).sum(1) / kept.sum(1).clamp(min=1)))
