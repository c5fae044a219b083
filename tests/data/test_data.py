"""The data are what their names say."""

import pytest
import torch
from torch.nn.functional import normalize

from mmnotes.data import (
    VENDORS,
    caption_ids,
    concept_index,
    concepts,
    digits,
    drawings,
    film,
    image_features,
    padded,
    patch_features,
    photos,
    split_words,
    tagged_features,
    text_features,
    vocabulary,
    word_ids,
)


def test_digits_are_the_ones_of_the_source():
    images, labels = digits()
    assert images.shape == (1797, 8, 8) and images.dtype == torch.float32
    assert images.min() == 0 and images.max() == 1 and torch.equal(16 * images, (16 * images).round())
    assert labels.bincount().tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert labels[:12].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


def test_each_digit_looks_like_its_label():
    """The nearest mean picture names the digit for nine in ten: labels and pictures are in the same order."""
    images, labels = digits()
    means = torch.stack([images[labels == digit].mean(0) for digit in range(10)])
    nearest = torch.cdist(images.flatten(1), means.flatten(1)).argmin(1)
    assert (nearest == labels).double().mean() > 0.88


def test_digits_are_read_afresh():
    images, _ = digits()
    images.zero_()
    assert digits()[0].max() == 1


def test_every_concept_has_its_drawings_captions_and_features():
    count = len(concepts())
    assert count == 849 and sum(concept.held_out for concept in concepts()) == 200
    assert len({concept.code for concept in concepts()}) == len({concept.en.label for concept in concepts()}) == count
    assert all(
        concept.en.label and concept.zh.label and concept.en.label not in concept.en.tags for concept in concepts()
    )
    for vendor in VENDORS:
        assert drawings(vendor=vendor).shape == (count, 3, 32, 32)
        assert image_features(vendor=vendor).shape == (count, 256)
        assert patch_features(vendor=vendor).shape == (count, 16, 64)
    assert text_features().shape == tagged_features().shape == (count, 384)
    torch.testing.assert_close(text_features().norm(dim=1), torch.ones(count), rtol=0, atol=1e-3)


@pytest.mark.parametrize("vendor", VENDORS)
def test_drawings_are_on_white_and_in_the_order_of_the_captions(vendor):
    pictures = drawings(vendor=vendor)
    assert len(pictures) == len(concepts()) and pictures.min() >= 0 and pictures.max() <= 1
    pepper, apple, leaves = (pictures[concept_index(label)] for label in ("hot pepper", "red apple", "leafy green"))
    assert pepper[:, 0, -1].min() > 0.9, "a corner without drawing is white"
    red, green, blue = apple[:, 12:24, 8:24].mean((1, 2))
    assert red > 1.5 * blue and red > 1.5 * green
    red, green, blue = leaves.mean((1, 2))
    assert green > red and green > blue


def test_one_concept_by_two_vendors_has_similar_features():
    """Of 849 drawings by another vendor, the one of the same concept is the nearest for at least two in five."""
    for features in (image_features, lambda vendor: patch_features(vendor=vendor).mean(1)):
        noto, twemoji = (normalize(features(vendor=vendor), dim=1) for vendor in ("noto", "twemoji"))
        assert ((noto @ twemoji.T).argmax(1) == torch.arange(849)).double().mean() > 0.4


def test_sentence_features_know_near_words():
    cat, dog, rocket = (text_features()[concept_index(label)] for label in ("cat", "dog", "rocket"))
    assert cat @ dog > cat @ rocket


def test_words_have_numbers_and_unknown_ones_are_named():
    numbers = word_ids("Red apple")
    assert [vocabulary()[number] for number in numbers] == ["red", "apple"]
    assert [vocabulary("zh")[number] for number in word_ids("红苹果", "zh")] == ["红", "苹", "果"]
    assert split_words(" Red XYLOGRAPH,apple\u2003") == ["red", "xylograph", "apple"] and split_words(", ") == []
    for concept in concepts():
        assert word_ids(concept.en.label) and word_ids(concept.zh.label, "zh")
    with pytest.raises(ValueError, match="words of the captions, got xylograph"):
        word_ids("red xylograph")


def test_photos_are_what_their_names_say():
    pictures = photos()
    assert list(pictures) == ["cat", "coffee", "rocket", "astronaut", "temple", "flower"]
    assert all(picture.shape == (3, 128, 128) and 0.2 < picture.mean() < 0.8 for picture in pictures.values())
    red, _, blue = pictures["flower"].mean((1, 2))
    assert red > blue, "the dahlia is red"


def test_the_film_is_one_shot():
    """Neighbouring frames differ, and less than far ones: they are in order, and nothing is cut."""
    frames = film()
    assert frames.shape == (32, 3, 54, 96) and frames.min() >= 0 and frames.max() <= 1
    near, far = ((frames[step:] - frames[:-step]).abs().mean((1, 2, 3)) for step in (1, 16))
    assert near.min() > 0 and near.max() < 0.06 and near.mean() < far.mean() / 2


def test_captions_as_rows():
    label, tags = caption_ids(concepts()[concept_index("cat face")])
    assert [vocabulary()[word] for word in label] == ["cat", "face"]
    assert tags and not set(label) & set(tags) and len(set(tags)) == len(tags)
    ids, padding_mask = padded([[5, 6], [7]], start=8, end=9)
    assert ids.tolist() == [[8, 5, 6, 9], [8, 7, 9, 9]]
    assert padding_mask.tolist() == [[True] * 4, [True] * 3 + [False]]
