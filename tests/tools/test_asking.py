"""Many questions about one picture give the logits that each would give alone."""

import pytest
import torch

from mmnotes.data.arrangements import films_of_boards, pictures_of_boards
from mmnotes.data.questions import ASSISTANT, FILM_KINDS, LEXICON, PICTURE_KINDS, conversation, numbers
from mmnotes.qwen3_vl import prompt_of
from mmnotes.qwen3_vl.pretrained import MERGE, small_qwen3_vl
from tools.qwen3_vl.asking import asked, logits, on_a_line, questions_about


@pytest.mark.parametrize(("drawn", "kinds"), [(pictures_of_boards, PICTURE_KINDS), (films_of_boards, FILM_KINDS)])
def test_questions_asked_together_are_answered_as_alone(drawn, kinds):
    torch.manual_seed(0)
    model = small_qwen3_vl(words=len(LEXICON)).requires_grad_(False)
    films, boards = drawn(2, vendors=("noto",), seed=0)
    questions = questions_about(boards, kinds, each=3, random=torch.Generator().manual_seed(0))
    together = asked(films, questions)
    found = logits(model, together)
    assert found.shape == (2, 3, len(LEXICON)) and together.answers.shape == (2, 3)
    for film, few, row in zip(films, questions, found, strict=True):
        alone = asked(film[None], [few])
        pairs = [alone.grids[0]._replace(frames=1)] * alone.grids[0].frames
        for question, expected in zip(few, row, strict=True):
            parts = [*conversation(pairs), numbers([*question.words, ASSISTANT])]
            given = model(prompt_of([parts], merge=MERGE), alone.row, alone.grids)[0, -1]
            torch.testing.assert_close(given, expected, rtol=1e-4, atol=1e-4)


def test_positions_on_a_line_count_what_a_token_may_read():
    films, boards = pictures_of_boards(2, vendors=("noto",), seed=0)
    questions = questions_about(boards, PICTURE_KINDS, each=2, random=torch.Generator().manual_seed(0))
    given = asked(films, questions)
    line = on_a_line(given).prompt.position_ids
    start = 3 + 36
    assert line.shape == given.prompt.position_ids.shape
    assert line[:, :, :start].equal(torch.arange(start).expand(3, 2, -1))
    longest = (line.shape[-1] - start) // 2
    assert line[0, 0, start:].tolist() == [*range(start, start + longest)] * 2
