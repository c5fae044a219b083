"""Many questions about one picture give the logits that each would give alone."""

import pytest
import torch

from mmnotes.data.arrangements import films_of_boards, pictures_of_boards
from mmnotes.data.questions import ASSISTANT, FILM_KINDS, LEXICON, PICTURE_KINDS, conversation, numbers, question_about
from mmnotes.qwen3_vl import prompt_of
from mmnotes.qwen3_vl.pretrained import MERGE, small_qwen3_vl
from tools.qwen3_vl.asking import answer_to, asked, caption_of, logits, on_a_line, questions_about


@pytest.mark.parametrize(("drawn", "kinds"), [(pictures_of_boards, PICTURE_KINDS), (films_of_boards, FILM_KINDS)])
def test_questions_asked_together_are_answered_as_alone(drawn, kinds):
    torch.manual_seed(0)
    model = small_qwen3_vl(words=len(LEXICON)).requires_grad_(False)
    films, boards = drawn(2, vendors=("noto",), seed=0)
    questions = questions_about(boards, kinds, each=3, random=torch.Generator().manual_seed(0))
    together = asked(films, [[*map(answer_to, row)] for row in questions])
    found = logits(model, together).unflatten(0, (2, 3))
    assert found.shape == (2, 3, len(LEXICON))
    said = [numbers([question.answer])[0] for row in questions for question in row]
    assert together.answers().tolist() == said
    for film, few, row in zip(films, questions, found, strict=True):
        alone = asked(film[None], [[answer_to(few[0])]])
        pairs = [alone.grids[0]._replace(frames=1)] * alone.grids[0].frames
        for question, expected in zip(few, row, strict=True):
            parts = [*conversation(pairs), numbers([*question.words, ASSISTANT])]
            given = model(prompt_of([parts], merge=MERGE), alone.row, alone.grids)[0, -1]
            torch.testing.assert_close(given, expected, rtol=1e-4, atol=1e-4)


def test_positions_on_a_line_count_what_a_token_may_read():
    films, boards = pictures_of_boards(2, vendors=("noto",), seed=0)
    questions = questions_about(boards, PICTURE_KINDS, each=2, random=torch.Generator().manual_seed(0))
    given = asked(films, [[*map(answer_to, row)] for row in questions])
    line = on_a_line(given).prompt.position_ids
    start = 3 + 36
    assert line.shape == given.prompt.position_ids.shape
    assert line[:, :, :start].equal(torch.arange(start).expand(3, 2, -1))
    places = line[0, 0, start:].tolist()
    first = places.index(start, 1)
    assert places == [*range(start, start + first), *range(start, start + len(places) - first)]


def test_all_of_a_caption_is_to_be_said_and_no_question_sees_it():
    films, boards = pictures_of_boards(1, vendors=("noto",), seed=0)
    random = torch.Generator().manual_seed(0)
    caption, question = caption_of(boards[0], random=random), answer_to(question_about(boards[0], "count", seed=0))
    given = asked(films, [[caption, question]])
    assert given.answers().tolist() == [*caption.words[1:], question.words[-1]]
    own = given.text[:, None] == given.text
    assert not (given.mask[0] & ~own)[given.text >= 0][:, given.text >= 0].any()
    assert given.mask[0][given.text >= 0][:, given.text < 0].all()
