from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from nkflow.plots.labels import Box, Label, settle

FRAME = Box(50, 20, 300, 270)


@given(
    st.lists(
        st.tuples(st.text("abc ·%", min_size=1, max_size=18), st.floats(0, 400), st.floats(0, 400)),
        min_size=1,
        max_size=8,
    )
)
@settings(deadline=None)
def test_settle__labels_stay_inside_and_do_not_cover_each_other(wishes):
    labels = settle([Label((text, "1,234 · 5 %"), across, down) for text, across, down in wishes], FRAME)
    boxes = [label.box for label in labels]
    assert all(box.top >= FRAME.top and box.bottom <= FRAME.bottom for box in boxes)
    assert not any(a.overlaps(b) for k, a in enumerate(boxes) for b in boxes[:k])


def test_settle__a_free_label_stays_where_it_wishes_to_be():
    (label,) = settle([Label(("NK",), 175, 100)], FRAME)
    assert (label.across, label.down, label.anchor) == (175, 100, "middle")


def test_settle__corners_are_aligned_towards_the_middle():
    left, right = settle([Label(("NK",), 50, 20), Label(("T",), 300, 270)], FRAME)
    assert (left.anchor, right.anchor) == ("start", "end")


def test_settle__more_labels_than_room_still_give_every_label_a_place():
    labels = settle([Label(("population",), 175, 100)] * 60, FRAME)
    assert len(labels) == 60
