"""Bytes to text: one bad byte costs one character, and every encoding of the web is read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.extract.decode import clean_text, codec_name, decode

TEXTS = {
    "ko": "정부는 오늘 새로운 경제 정책을 발표했다. 장관은 기자회견에서 세금을 내리겠다고 말했다.",
    "ja": "政府は今日、新しい経済政策を発表した。大臣は記者会見で税金を下げると述べた。",
    "zh": "政府今天宣布了新的经济政策。部长在记者会上表示将降低税收，并增加对学校的投资。",
    "zh-tw": "政府今天宣布了新的經濟政策。部長在記者會上表示將降低稅收，並增加對學校的投資。",
    "ru": "Правительство объявило сегодня о новой экономической политике и снижении налогов для школ.",
    "de": "Die Regierung kündigte für März größere Änderungen an, sagte der Minister in Köln über die Lösung.",
    "tr": "Hükümet bugün yeni ekonomi politikasını açıkladı, bakan vergilerin düşürüleceğini söyledi.",
    "ar": "أعلنت الحكومة اليوم عن سياسة اقتصادية جديدة وقال الوزير إنه سيخفض الضرائب على المدارس",
    "el": "Η κυβέρνηση ανακοίνωσε σήμερα νέα οικονομική πολιτική και μείωση των φόρων για τα σχολεία",
}
ENCODINGS = [
    ("ko", "euc-kr", "cp949"), ("ja", "iso-2022-jp", "iso2022_jp"), ("ja", "shift_jis", "cp932"), ("ja", "euc-jp", "euc_jp"),
    ("zh", "gb18030", "gb18030"), ("zh", "gb2312", "gb18030"), ("zh-tw", "big5", "big5hkscs"), ("ru", "windows-1251", "cp1251"),
    ("ru", "koi8-r", "koi8-r"), ("de", "iso-8859-1", "cp1252"), ("de", "windows-1252", "cp1252"), ("tr", "windows-1254", "cp1254"),
    ("tr", "iso-8859-9", "cp1254"), ("ar", "windows-1256", "cp1256"), ("el", "windows-1253", "cp1253"), ("el", "iso-8859-7", "iso8859-7"),
]  # fmt: skip


def html(text: str, charset: str | None = None) -> str:
    meta = f'<meta charset="{charset}">' if charset else ""
    return f"<html><head>{meta}<title>x</title></head><body><p>{text}</p></body></html>"


@pytest.mark.parametrize(("language", "charset", "codec"), ENCODINGS)
def test_a_declared_encoding_is_read_from_meta_and_from_the_header(
    language: str, charset: str, codec: str
) -> None:
    text = TEXTS[language]
    by_meta = decode(html(text, charset).encode(charset))
    assert text in by_meta.text and by_meta.charset == codec
    by_header = decode(html(text).encode(charset), charset)
    assert text in by_header.text and by_header.charset == codec


@pytest.mark.parametrize(
    ("language", "charset"),
    [("ko", "euc-kr"), ("ja", "iso-2022-jp"), ("ja", "shift_jis"), ("zh", "gb18030"), ("ru", "windows-1251"), ("ru", "koi8-r"), ("de", "windows-1252")],
)  # fmt: skip
def test_an_undeclared_encoding_is_detected(language: str, charset: str) -> None:
    text = " ".join([TEXTS[language]] * 5)
    assert text in decode(html(text).encode(charset)).text


@pytest.mark.parametrize("charset", ["utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-8-sig"])
@pytest.mark.parametrize("declared", [None, "utf-8", "iso-8859-1"])
def test_wide_encodings_are_known_by_their_bytes_whatever_is_declared(
    charset: str, declared: str | None
) -> None:
    page = html(TEXTS["de"], "utf-8")
    assert decode(page.encode(charset), declared).text == page


@pytest.mark.parametrize("declared", [None, "utf-8", "iso-8859-1", "windows-1252", "nonsense"])
@pytest.mark.parametrize("languages", [("de",), ("de", "ru", "ja")])
@pytest.mark.parametrize("at", [0.2, 0.5, 0.9])
def test_one_bad_byte_in_utf8_costs_one_character(
    declared: str | None, languages: tuple[str, ...], at: float
) -> None:
    body = html(" ".join([TEXTS[language] for language in languages] * 3), "utf-8").encode()
    where = body.rindex(b" ", 0, int(len(body) * at))
    found = decode(body[:where] + b"\xff" + body[where:], declared)
    assert found.charset == "utf-8"
    assert found.text.replace("�", "") == body.decode()


def test_a_page_that_declares_utf8_and_is_latin1_is_read_as_latin1() -> None:
    text = " ".join([TEXTS["de"]] * 10)
    assert text in decode(html(text, "utf-8").encode("latin-1"), "utf-8").text


def test_a_page_that_declares_latin1_and_is_utf8_is_read_as_utf8() -> None:
    found = decode(html(TEXTS["ja"], "iso-8859-1").encode(), "iso-8859-1")
    assert TEXTS["ja"] in found.text and found.charset == "utf-8"


def test_a_meta_inside_a_comment_declares_nothing() -> None:
    body = ('<!-- <meta charset="koi8-r"> -->' + html(TEXTS["ru"], "windows-1251")).encode("windows-1251")
    assert decode(body).charset == "cp1251"


@pytest.mark.parametrize(
    "label", ["utf-7", "hex", "zlib", "rot13", "idna", "unicode_escape", "bogus", "", None, "\x00", "x" * 500]
)
def test_labels_that_name_no_text_encoding_are_refused(label: str | None) -> None:
    assert codec_name(label) is None


@given(st.binary(max_size=400), st.sampled_from([None, "utf-8", "shift_jis", "utf-16", "gb18030", "bogus"]))
def test_any_bytes_become_text_that_postgres_can_store(body: bytes, declared: str | None) -> None:
    text = decode(body, declared).text
    text.encode("utf-8")
    assert "\x00" not in text


@given(st.text(alphabet=st.characters(), max_size=200))
def test_clean_text_is_idempotent_and_storable(text: str) -> None:
    cleaned = clean_text(text)
    cleaned.encode("utf-8")
    assert clean_text(cleaned) == cleaned and "\x00" not in cleaned
