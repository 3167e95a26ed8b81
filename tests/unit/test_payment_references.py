"""Payment references by the examples of those who issue them."""

from __future__ import annotations

import pytest

from importer.core.payment_references import (
    CREDITOR_REFERENCE,
    DANISH_FI,
    FINNISH,
    KID,
    QR_REFERENCE,
    ReferenceForm,
    compact,
)


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (FINNISH, "1232"),
        (FINNISH, "1234561"),
        (DANISH_FI, "000000000000018"),
        (DANISH_FI, "+71<000000000000018+12345678<"),
        (DANISH_FI, "+75<0000000000000018+12345678"),
        (KID, "2345676"),  # modulus 10
        (KID, "450"),  # modulus 11
        (KID, "300-"),
        (QR_REFERENCE, "21 00000 00003 13947 14300 09017"),
        (CREDITOR_REFERENCE, "RF18 5390 0754 7034"),
    ],
    ids=lambda value: getattr(value, "name", value),
)
def test_one_wrong_digit_is_noticed(form: ReferenceForm, text: str) -> None:
    right = compact(text)
    assert form.problem(right) == ""
    start = right.find("<") + 1
    for i in range(start, len(right)):
        if right[i].isdigit() and "+" not in right[start:i]:
            for digit in set("0123456789") - {right[i]}:
                wrong = right[:i] + digit + right[i + 1 :]
                if form is KID and KID.problem(wrong) == "":
                    continue  # the other modulus
                assert form.problem(wrong), wrong


@pytest.mark.parametrize("form", [FINNISH, DANISH_FI, KID, QR_REFERENCE, CREDITOR_REFERENCE])
@pytest.mark.parametrize("text", ["", "-", "RF", "١٢٣٢", "1 2", "+71<+12345678", "0" * 200, "A1"])
def test_no_text_breaks_the_check(form: ReferenceForm, text: str) -> None:
    assert form.problem(text)
