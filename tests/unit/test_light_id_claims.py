"""Which entry a bill of Light belongs to, by the answer that names it."""

from __future__ import annotations

from collections.abc import Collection

from importer.loading.light_id_claims import LightIdClaims


def test_the_journal_is_asked_once_for_the_ids_of_answers_that_came_together() -> None:
    owned, asked = {"b"}, []

    def in_journal(light_ids: Collection[str]) -> set[str]:
        asked.append(set(light_ids))
        return owned & set(light_ids)

    claims = LightIdClaims(in_journal)
    for light_id in "abcd":
        claims.expect(light_id)
    claimed = [claims.claim(light_id, entry, expected=True) for entry, light_id in enumerate("abc")]
    assert claimed == [True, False, True]
    assert asked == [set("abcd"), {"b"}]  # what is another's is asked for once more
    assert not claims.claim("a", 9, expected=True)
    owned.add("d")  # by another computer, before a look shows it
    assert not claims.claim("d", 3)
    assert asked[2:] == [{"d"}]
