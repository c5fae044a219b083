"""The Q-Former against transformers: the stack under each of the three masks, and both heads of the retrieval model."""

import pytest
import torch
from transformers import Blip2Config, Blip2ForImageTextRetrieval, Blip2QFormerConfig, Blip2QFormerModel

from mmnotes.qformer import QFormer, Retriever, itc_mask, itg_mask, itm_mask
from mmnotes.qformer.released import fill_qformer_

# Unequal sizes throughout, except that heads divides dim. Text lengths differ within each batch.
CONFIGURATIONS = {
    "small": dict(dim=15, heads=3, depth=4, hidden=22, queries=5, image_dim=7, words=31, positions=11),
    "deep": dict(dim=28, heads=4, depth=7, hidden=19, queries=3, image_dim=17, words=23, positions=13),
    "one of each": dict(dim=10, heads=1, depth=1, hidden=9, queries=1, image_dim=6, words=17, positions=8),
    "more heads": dict(
        dim=12, heads=6, depth=6, hidden=29, queries=8, image_dim=9, words=41, positions=9, cross_every=3
    ),
}
CONFIGURATIONS["every third"] = {**CONFIGURATIONS["deep"], "cross_every": 3}
BATCH, PATCHES, SHARED = 3, 4, 14
every_configuration = pytest.mark.parametrize("sizes", CONFIGURATIONS.values(), ids=CONFIGURATIONS)


def pair(sizes, seed=0):
    """The library's retrieval model with weights that hide nothing, and ours filled from it."""
    torch.manual_seed(seed)
    theirs = Blip2ForImageTextRetrieval(library_config(sizes)).eval()
    with torch.no_grad():
        for parameter in theirs.parameters():  # its own start is 1e-10 and zeros: everything would agree
            parameter.normal_(1.0 if parameter.ndim == 1 else 0.0, 0.3)
    ours = Retriever(QFormer(**sizes), shared_dim=SHARED)
    fill_qformer_(ours, theirs.state_dict())
    return ours, theirs


def library_config(sizes):
    qformer = Blip2QFormerConfig(
        hidden_size=sizes["dim"],
        num_attention_heads=sizes["heads"],
        num_hidden_layers=sizes["depth"],
        intermediate_size=sizes["hidden"],
        encoder_hidden_size=sizes["image_dim"],
        vocab_size=sizes["words"],
        max_position_embeddings=sizes["positions"],
        cross_attention_frequency=sizes.get("cross_every", 2),
        use_qformer_text_input=True,
    )
    heads = next(heads for heads in (2, 3, 1) if sizes["image_dim"] % heads == 0)
    vision = dict(
        hidden_size=sizes["image_dim"],
        num_attention_heads=heads,
        num_hidden_layers=1,
        intermediate_size=13,
        image_size=8,
        patch_size=4,
    )
    opt = dict(model_type="opt", vocab_size=19, hidden_size=8, num_hidden_layers=1, num_attention_heads=2, ffn_dim=9)
    return Blip2Config(
        vision_config=vision,
        qformer_config=qformer.to_dict(),
        text_config={**opt, "word_embed_proj_dim": 8, "max_position_embeddings": 10},
        num_query_tokens=sizes["queries"],
        image_text_hidden_size=SHARED,
    )


def batch(sizes):
    generator = torch.Generator().manual_seed(1)
    image = torch.randn(BATCH, PATCHES, sizes["image_dim"], generator=generator)
    tokens = sizes["positions"] - 1
    ids = torch.randint(sizes["words"], (BATCH, tokens), generator=generator)
    padding_mask = torch.arange(tokens) < torch.tensor([[tokens], [2], [tokens - 3]])
    return image, ids, padding_mask


def their_states(theirs, image, ids, mask):
    """Queries and text of the library's stack, given a mask of one of the shapes that it takes."""
    queries = theirs.query_tokens.expand(BATCH, -1, -1)
    embedded = theirs.embeddings(input_ids=ids, query_embeds=queries)
    count = queries.shape[1]
    states = theirs.qformer(
        query_embeds=embedded, query_length=count, attention_mask=mask, encoder_hidden_states=image
    ).last_hidden_state
    return states[:, :count], states[:, count:]


def assert_same(ours, theirs):
    torch.testing.assert_close(ours, theirs, rtol=0, atol=1e-5)


@every_configuration
@torch.no_grad()
def test_contrast_is_two_separate_passes_of_the_library(sizes):
    ours, theirs = pair(sizes)
    image, ids, padding_mask = batch(sizes)
    queries, text = ours.qformer(image, ids, itc_mask(queries=sizes["queries"], padding_mask=padding_mask))
    alone = theirs.qformer(
        query_embeds=theirs.query_tokens.expand(BATCH, -1, -1), encoder_hidden_states=image
    ).last_hidden_state
    read = theirs.qformer(
        query_embeds=theirs.embeddings(input_ids=ids), query_length=0, attention_mask=padding_mask.long()
    ).last_hidden_state
    assert_same(queries, alone)
    assert_same(ours.qformer.see(image), alone)
    assert_same(text[padding_mask], read[padding_mask])
    assert_same(ours.qformer.read(ids, padding_mask)[padding_mask], read[padding_mask])


@every_configuration
@torch.no_grad()
def test_matching(sizes):
    ours, theirs = pair(sizes)
    image, ids, padding_mask = batch(sizes)
    padding = torch.cat([torch.ones(BATCH, sizes["queries"], dtype=torch.long), padding_mask.long()], dim=1)
    queries, text = ours.qformer(image, ids, itm_mask(queries=sizes["queries"], padding_mask=padding_mask))
    their_queries, their_text = their_states(theirs, image, ids, padding)
    assert_same(queries, their_queries)
    assert_same(text[padding_mask], their_text[padding_mask])


@every_configuration
@torch.no_grad()
def test_captioning_by_a_mask_of_the_table(sizes):
    """The mask is written here from the table of the paper, so that a slip in ours cannot cancel."""
    ours, theirs = pair(sizes)
    image, ids, padding_mask = batch(sizes)
    count, tokens = sizes["queries"], ids.shape[1]
    mask = torch.zeros(BATCH, 1, count + tokens, count + tokens, dtype=torch.bool)
    mask[..., :count] = True
    mask[:, :, count:, count:] = (torch.arange(tokens)[:, None] >= torch.arange(tokens)) & padding_mask[:, None, None]
    queries, text = ours.qformer(image, ids, itg_mask(queries=count, padding_mask=padding_mask))
    their_queries, their_text = their_states(theirs, image, ids, mask)
    assert_same(queries, their_queries)
    assert_same(text[padding_mask], their_text[padding_mask])


@every_configuration
@torch.no_grad()
def test_similarity_is_the_largest_over_queries(sizes):
    ours, theirs = pair(sizes)
    _, ids, padding_mask = batch(sizes)
    pixels = torch.randn(BATCH, 3, 8, 8, generator=torch.Generator().manual_seed(2))
    expected = theirs(pixel_values=pixels, input_ids=ids, attention_mask=padding_mask.long()).logits_per_image
    image = theirs.vision_model(pixel_values=pixels).last_hidden_state
    assert_same(ours.similarity(image, ids, padding_mask), expected)
    assert expected.std() > 1e-3


@every_configuration
@torch.no_grad()
def test_match_logits_are_the_mean_over_queries(sizes):
    ours, theirs = pair(sizes)
    _, ids, padding_mask = batch(sizes)
    pixels = torch.randn(BATCH, 3, 8, 8, generator=torch.Generator().manual_seed(3))
    expected = theirs(
        pixel_values=pixels, input_ids=ids, attention_mask=padding_mask.long(), use_image_text_matching_head=True
    ).logits_per_image
    image = theirs.vision_model(pixel_values=pixels).last_hidden_state
    assert_same(ours.match_logits(image, ids, padding_mask), expected)
    assert expected.std() > 1e-3


@torch.no_grad()
def test_the_stack_without_a_text_half_is_that_of_stage_two():
    """As the released language-model variants have it: no text, and the library's stack builds no text feed-forward."""
    sizes = CONFIGURATIONS["small"]
    ours, theirs = pair(sizes)
    config = theirs.config.qformer_config
    config.use_qformer_text_input = False
    image_half = Blip2QFormerModel(config).eval()
    state = {name: value for name, value in theirs.qformer.state_dict().items() if name in image_half.state_dict()}
    image_half.load_state_dict(state)
    image, _, _ = batch(sizes)
    alone = image_half(query_embeds=theirs.query_tokens.expand(BATCH, -1, -1), encoder_hidden_states=image)
    assert_same(ours.qformer.see(image), alone.last_hidden_state)


def test_queries_of_a_configuration_start_at_zero():
    """A model of the library that no checkpoint fills has one query many times, until something tells them apart."""
    fresh = Blip2ForImageTextRetrieval(library_config(CONFIGURATIONS["small"]))
    assert not fresh.query_tokens.any()
    assert fresh.config.qformer_config.hidden_dropout_prob == 0.1, "dropout does, in training"


@torch.no_grad()
def test_the_calls_of_the_page_give_what_the_library_gives():
    """The page's snippet from the image on; without a checkpoint there is nothing to download."""
    sizes = CONFIGURATIONS["small"]
    released = pair(sizes)[1]
    qformer = QFormer(**sizes)
    retriever = Retriever(qformer, shared_dim=SHARED)
    fill_qformer_(retriever, released.state_dict())
    _, ids, kept = batch(sizes)
    picture = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(5))
    image = released.vision_model(pixel_values=picture).last_hidden_state
    both = image.expand(len(ids), -1, -1)
    named = dict(input_ids=ids, attention_mask=kept.long())
    theirs = released(pixel_values=picture, **named).logits_per_image
    assert_same(retriever.similarity(image, ids, kept), theirs)
    theirs = released(
        pixel_values=picture.expand(len(ids), -1, -1, -1), use_image_text_matching_head=True, **named
    ).logits_per_image
    assert_same(retriever.match_logits(both, ids, kept), theirs)
