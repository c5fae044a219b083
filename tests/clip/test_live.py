"""What a page runs for a reader's own words and drawing is what the towers and the vocabulary give."""

import pytest
import torch
from torch.nn.functional import normalize

from mmnotes.clip.live import GRAIN, Search, hand_drawn, own_words_and_drawing
from mmnotes.clip.pretrained import LENGTH, pretrained_clip
from mmnotes.clip.reading import reading
from mmnotes.data import concept_index, concepts, drawings, split_words, vocabulary, word_ids

START = len(vocabulary())
CHOSEN = concepts()[::40]
CAPTIONS = [", ".join((each.en.label, *each.en.tags)) for each in CHOSEN]
WORDS = ["an", "apple", "is", "red"]


def ids(text: str) -> list[int]:
    found = [START, *word_ids(text)[: LENGTH - 2], START + 1]
    return found + [0] * (LENGTH - len(found))


@pytest.fixture(scope="module")
def search() -> Search:
    pictures = drawings(vendor="noto")[::40]
    return Search(pretrained_clip(seed=0)["clip"], pictures, torch.tensor([*map(ids, CAPTIONS)]))


def test_cosines_are_those_of_the_towers(search):
    boards = drawings(vendor="twemoji")[5:8].repeat_interleave(GRAIN, 2).repeat_interleave(GRAIN, 3)
    words = torch.tensor([*map(ids, ("red apple", "cat", "house, building"))])
    told, drawn, named, met, seen = search(boards, words.float())
    text, image = (normalize(each, dim=1) for each in (search.clip.text(words), search.clip.image(seen)))
    torch.testing.assert_close(seen, drawings(vendor="twemoji")[5:8])
    pictures = normalize(search.clip.image(drawings(vendor="noto")[::40]), dim=1)
    captions = normalize(search.clip.text(torch.tensor([*map(ids, CAPTIONS)])), dim=1)
    torch.testing.assert_close(told, text @ pictures.T)
    torch.testing.assert_close(drawn, image @ pictures.T)
    torch.testing.assert_close(named, image @ captions.T)
    torch.testing.assert_close(met, (image @ text.T).diag())


def test_a_pixel_is_the_mean_of_its_dots(search):
    board = torch.rand(1, 3, 32 * GRAIN, 32 * GRAIN, generator=torch.Generator().manual_seed(0))
    seen = search(board, torch.tensor([ids("cat")]).float())[-1]
    assert seen[0, 1, 3, 7].item() == pytest.approx(board[0, 1, 12:16, 28:32].mean().item())


@pytest.mark.parametrize("text", ["red apple", "Cat,  DOG", *CAPTIONS])
def test_known_words_are_read_as_the_package_numbers_them(text):
    found, fates = reading(split_words(text), vocabulary=vocabulary(), unseen=[], length=LENGTH)
    assert found == ids(text)
    assert [word for word, _ in fates] == split_words(text)
    assert [fate for _, fate in fates][: LENGTH - 2] == ["read"] * len(word_ids(text)[: LENGTH - 2])


def test_each_word_is_told_what_became_of_it():
    found, fates = reading(["red", "xylograph", "apple", "an"], vocabulary=WORDS, unseen=[1], length=4)
    assert found == [4, 3, 1, 5]
    assert fates == [("red", "read"), ("xylograph", "unknown"), ("apple", "unseen"), ("an", "beyond")]
    assert reading([], vocabulary=WORDS, unseen=[], length=4) == ([4, 5, 0, 0], [])
    with pytest.raises(ValueError, match=r"^length must be at least 3, for a start, a word and an end, got 2$"):
        reading(["red"], vocabulary=WORDS, unseen=[], length=2)


def network(search: Search, **others: object):
    settings = {"captions": CAPTIONS, "held_out": [each.held_out for each in CHOSEN], "examples": ["one", "two"]}
    settings |= {"texts": {"an apple": ["an", "apple"]}, "vocabulary": vocabulary(), "unseen": [3]}
    pictures = {"pictures": drawings(vendor="noto")[::40], "drawings": drawings(vendor="fluent")[:2]}
    given = pictures | settings | others
    return own_words_and_drawing(search, given.pop("pictures"), given.pop("drawings"), **given)


def test_a_lab_gets_real_inputs_and_what_its_form_needs(search):
    made = network(search)
    assert made.inputs["board"].shape == (1, 3, 128, 128)
    assert torch.equal(made.inputs["board"][..., ::GRAIN, ::GRAIN], drawings(vendor="fluent")[:1])
    assert made.inputs["words"].tolist() == [[START, word_ids("apple")[0], START + 1, *[0] * 13]]  # "an" is unknown
    assert made.held == {
        "words.reading": [
            (
                "an apple",
                {"ids": made.inputs["words"][0].int().tolist(), "words": [("an", "unknown"), ("apple", "read")]},
            )
        ]
    }
    assert made.data["text"] == "an apple" and made.data["length"] == LENGTH
    assert made.data["captions"][1] == {"text": CAPTIONS[1], "held_out": CHOSEN[1].held_out}
    exact = drawings(vendor="noto")[::40].permute(0, 2, 3, 1)
    assert (made.arrays["pictures"] / 63 - exact).abs().max() < 1 / 125
    assert torch.equal(
        made.arrays["drawings"], (255 * drawings(vendor="fluent")[:2].permute(0, 2, 3, 1)).round().byte()
    )


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ({"pictures": drawings(vendor="noto")[:3]}, f"^pictures must be {len(CHOSEN)}, got 3$"),
        ({"captions": ["a"]}, f"^captions must be {len(CHOSEN)}, got 1$"),
        ({"held_out": [True]}, f"^held_out must be {len(CHOSEN)}, got 1$"),
        ({"examples": ["a"]}, "^examples must be 2, got 1$"),
        ({"texts": {}}, "^texts must be at least one, got none$"),
    ],
)
def test_what_does_not_fit_is_refused(search, others, said):
    with pytest.raises(ValueError, match=said):
        network(search, **others)


def test_the_drawings_by_hand_show_concepts_of_the_corpus_on_white():
    drawn = hand_drawn()
    assert len(drawn) == 24 and all(concept_index(name) >= 0 for name in drawn)
    for picture in drawn.values():
        assert picture.shape == (3, 32, 32) and (picture == 1).all(0).sum() > 300
