"""Pairs of news texts in several languages, as editors and agencies make them, and what they are to each other."""

from __future__ import annotations

import pytest

from workers.dedupe.compare import measure_pairs
from workers.dedupe.verify import Story, kind_of, measure
from workers.dedupe.words import words_of_lines

Lines = list[str]


def _kind(a: Lines, b: Lines, *, is_same_site: bool = False) -> str | None:
    one, other = Story(words_of_lines(a)), Story(words_of_lines(b))
    measured = measure(one, other)
    assert measure_pairs([(one, other)]) == [measured]
    return kind_of(measured, is_same_site=is_same_site) if measured else None


def _with(lines: Lines, **replaced: str) -> Lines:
    """The lines with words replaced, each of which is in them ("_" stands for a space)."""
    text = "\n".join(lines)
    for old, new in replaced.items():
        assert old.replace("_", " ") in text, old
        text = text.replace(old.replace("_", " "), new)
    return text.split("\n")


# ------------------------------------------------------------------------------------- nouns with capitals

FIRE_DE = [
    "Bei einem Brand in einem Wohnhaus im Norden von Leipzig sind am späten Montagabend fünf Menschen verletzt worden. "
    "Nach Angaben der Feuerwehr brach das Feuer im Keller aus und breitete sich schnell auf das Treppenhaus aus. Die "
    "Bewohner konnten sich nur noch über die Fenster und über Leitern ins Freie retten.",
    "Zwei der Verletzten wurden mit einer Rauchvergiftung in eine Klinik gebracht, die anderen versorgte der Notarzt an "
    "Ort und Stelle. Das Gebäude ist nach Einschätzung der Einsatzleitung bis auf weiteres nicht bewohnbar. Der Schaden "
    "beträgt nach ersten Schätzungen mindestens 250.000 Euro.",
    "Die Kriminalpolizei hat die Ermittlungen zur Ursache aufgenommen. Ein technischer Defekt an einer Waschmaschine "
    "komme ebenso in Betracht wie Brandstiftung, sagte ein Sprecher. Für die Nacht stellte die Stadt den Betroffenen 12 "
    "Plätze in einer Turnhalle bereit.",
]


def test_a_german_copy_with_other_nouns_is_a_copy() -> None:
    edited = _with(
        FIRE_DE,
        Klinik="Krankenstation",
        Schaden="Verlust",
        Gebäude="Objekt",
        Turnhalle="Unterkunft",
        Defekt="Fehler",
    )
    assert _kind(FIRE_DE, edited) == "copy"


def test_german_obituaries_of_two_people_are_a_template() -> None:
    obituary = (
        "Im Alter von {} Jahren ist {} am {} nach langer Krankheit im Kreis der Familie gestorben. Geboren in {}, kam er als "
        "junger Mann in die Stadt und arbeitete viele Jahre lang bei {}, wo er von allen sehr geschätzt wurde. In seiner "
        "Freizeit war er gern im Garten und sang im Chor der Gemeinde. Er hinterlässt seine Frau {} und {} Kinder. Die "
        "Trauerfeier findet am {} in der Kapelle statt, um Spenden für das Hospiz anstelle von Blumen wird gebeten."
    )
    first = obituary.format(81, "Hans Bäcker", "Montag", "Zeitz", "Carl Zeiss", "Erna Bäcker", 3, "2. Mai")
    second = obituary.format(
        76, "Karl Lindner", "Freitag", "Suhl", "Opel Eisenach", "Ute Lindner", 2, "9. Juni"
    )
    assert _kind([first], [second]) == "template"


def test_a_copy_in_capitals_is_a_copy() -> None:
    story = [line.upper() for line in FIRE_DE]
    assert _kind(story, _with(story, KLINIK="KRANKENSTATION", GEBÄUDE="OBJEKT", DEFEKT="FEHLER")) == "copy"
    assert _kind(story, FIRE_DE) == "copy"


# ---------------------------------------------------------------------------------- updates and house styles

FERRY = [
    "At least 17 people drowned and 26 others were missing after a ferry capsized in rough seas off the island of "
    "Masbate on Wednesday, the coast guard said.",
    "The boat, which was carrying 88 passengers from Cebu to the port of Cataingan, sank at about 7 a.m. when a large wave "
    "hit its side, coast guard spokesman Armand Balilo said.",
    "Fishermen from the villages nearby pulled survivors out of the water, he said, and the navy had sent two ships to "
    "search for the missing before the weather gets worse.",
    "Ferry accidents are common in the Philippines, an archipelago of more than 7,000 islands, because of frequent "
    "storms, badly kept boats and rules of safety that nobody enforces.",
]


def test_an_update_of_a_story_with_another_toll_is_a_copy() -> None:
    update = [
        FERRY[0].replace("17", "34").replace("26 others were", "nine others were still"),
        FERRY[1].replace("88", "96").replace("spokesman Armand Balilo", "chief Joel Garcia"),
        FERRY[2].replace("two ships", "four ships and a helicopter"),
        FERRY[3],
    ]
    assert _kind(FERRY, update) == "copy"


TALKS_US = [
    "Former Foreign Minister Anna Lindgren said Thursday that Sweden and Ukraine would sign a $4.2 billion loan on Dec. 5 in "
    "Kyiv, according to three people familiar with the talks.",
    "The agreement, which was reached after talks in Oslo on Nov. 21, covers 90 miles of power lines and 1,200 tons of "
    "steel, the people said.",
    "Prime Minister Denys Shmyhal told reporters at 8 p.m. that the loan would be signed by Energy Minister German "
    "Galushchenko and central bank governor Andriy Pyshnyy.",
    "Lindgren, 61, is due to arrive in Kyiv on Monday and will travel 40 miles to Zhytomyr the next day, her office said in a "
    "statement on Tuesday evening.",
    "Shares of the grid company rose 5 percent in Stockholm after the news, while the hryvnia gained ground against the "
    "dollar and the yield of the country's bonds fell for the fourth day in a row.",
    "Analysts said that the loan could help to keep the lights on in Ukraine this winter, although many of the details "
    "still have to be worked out by both sides and by the banks that are to pay for it.",
]


def test_a_house_style_makes_no_template_of_a_copy() -> None:
    british = _with(
        TALKS_US,
        Former_Foreign_Minister="Former foreign minister",
        said_Thursday="said on Thursday",
        **{"$4.2_billion": "£3.3bn", "Dec._5": "5 December", "Nov._21": "21 November", "90_miles": "145 km"},
        Kyiv="Kiev",
        tons="tonnes",
        Prime_Minister_Denys="Prime minister Denys",
        Energy_Minister="energy minister",
        **{"8_p.m.": "20:00", "40_miles": "64 km", "5_percent": "5 per cent"},
        Zhytomyr="Zhitomir",
    )
    assert _kind(TALKS_US, british) == "copy"


def test_a_weekly_report_of_figures_is_a_template_though_its_institutions_stay() -> None:
    report = (
        "Crude oil stocks in the United States {} by {} million barrels in the week ended {} to {} million barrels, the "
        "Energy Information Administration said on Wednesday. Stocks at the hub in Cushing, Oklahoma, {} by {} million "
        "barrels, the EIA said. Refinery runs {} by {} barrels a day, while utilization rates stood at {} percent of total "
        "capacity. Gasoline stocks {} by {} million barrels in the week to {} million barrels, the EIA said, compared with "
        "the expectations of analysts in a poll for a {} of {} barrels."
    )
    first = report.format(
        "rose",
        3.4,
        "March 7",
        433.8,
        "fell",
        1.2,
        "fell",
        "68,000",
        86.5,
        "fell",
        5.7,
        241.1,
        "drop",
        "1.9 million",
    )
    second = report.format(
        "fell",
        1.7,
        "May 30",
        436.1,
        "rose",
        0.6,
        "rose",
        "670,000",
        93.4,
        "rose",
        5.2,
        228.3,
        "rise",
        "600,000",
    )
    assert _kind([first], [second]) == "template"


def test_two_issues_of_bonds_are_a_template_though_most_of_their_terms_are_the_same() -> None:
    notice = (
        "{} is issuing a {} million dollar bond due {} 2031 paying {} percent and priced at par, lead manager {} said. The "
        "issue is guaranteed by {} and is available in denominations of 5,000 dollars. The selling concession is 1.5 percent "
        "while management and underwriting combined pays 0.75 percent. The payment date is {} and listing will be in "
        "Luxembourg. Final terms will be fixed on April 15. The warrants are exercisable from May {} until April {} 2031."
    )
    first = notice.format(
        "The Sankei Building Co", 60, "May 7", 2.125, "Nomura", "Sumitomo Bank", "May 7", 21, 23
    )
    second = notice.format(
        "The Sekisui Chemical Co", 200, "May 9", 2.5, "Yamaichi", "Sanwa Bank", "May 9", 20, 20
    )
    assert _kind([first], [second]) == "template"


EARNINGS = (
    "{0} ({1}) today announced results for the second quarter. Revenue was {2} million dollars and earnings per share were {3} "
    "dollars. We are pleased with our results, said {4}, chief executive officer of {0}. This release contains "
    "forward-looking statements within the meaning of the Private Securities Litigation Reform Act of 1995. These involve "
    "risks and uncertainties that could cause actual results to differ materially from those expressed or implied, "
    "including general economic conditions, competition, changes in laws, the loss of key customers and the other factors "
    "described in the reports that {0} files with the Securities and Exchange Commission. {0} undertakes no obligation to "
    "update any forward-looking statement to reflect events or circumstances after the date of this release. A conference "
    "call will be held on {5} at 5 p.m. Eastern Time and can be followed on the website of the company in {6}."
)
HOROSCOPE = (
    "Horoscope for {0}: Today the Moon in {1} asks you to slow down and to look at what you really need, {0}. A talk with "
    "someone close clears up an old misunderstanding in the morning, while money matters are best left until the end of the "
    "week. In the evening a call brings good news from far away. Your lucky number is {2} and your lucky color is {3}. The best "
    "partner for you today is {4}, and the best hour is after {5} in the evening. Take a walk, drink enough water and trust "
    "your feeling when you decide something."
)
WEATHER = (
    "{0} can expect a mix of sun and clouds on {1}, with a high near {2} degrees and a low around {3}, according to the National "
    "Weather Service. Winds will blow from the {4} at 10 to 15 miles an hour. There is a {5} percent chance of rain in the "
    "afternoon, and the chance grows in the evening as a weak front moves through the region. The rest of the week looks dry "
    "and a little warmer, with highs in the middle {6}. Residents are advised to bring plants inside if frost is forecast."
)


@pytest.mark.parametrize("is_shouted", [False, True])
@pytest.mark.parametrize(
    ("text", "first", "second"),
    [
        (
            EARNINGS,
            ("Acme Robotics", "NASDAQ: ACMR", 412.5, 1.13, "Jane Porter", "July 24", "Austin, Texas"),
            ("Belden Foods", "NYSE: BLDF", 1207, 0.48, "Mark Olsen", "July 29", "Omaha, Nebraska"),
        ),
        (HOROSCOPE, ("Aries", "Leo", 12, "red", "Libra", 7), ("Taurus", "Virgo", 31, "blue", "Pisces", 9)),
        (
            WEATHER,
            ("Akron", "Tuesday", 54, 38, "west", 40, "60s"),
            ("Tulsa", "Friday", 71, 52, "south", 20, "70s"),
        ),
    ],
)
def test_series_are_templates(
    text: str, first: tuple[object, ...], second: tuple[object, ...], is_shouted: bool
) -> None:
    a, b = text.format(*first), text.format(*second)
    assert _kind([a.upper() if is_shouted else a], [b.upper() if is_shouted else b]) == "template"


def test_a_later_state_of_a_live_blog_is_a_copy_on_another_site() -> None:
    entries = [*FERRY, *TALKS_US, *FIRE_DE, BRIEF, STATEMENT]
    assert _kind(entries[4:10], [*entries[7:], *entries[:7]]) == "copy"


# ------------------------------------------------------------------------------------ scripts without case

OBITUARY_ZH = (
    "{name}先生于本周在{city}的医院里安详离世，子女和亲友守候在他的身旁。他出生在{home}的一个农民家庭，年轻时参加工作，在{work}担任"
    "工程师三十多年，为人正直，待人热情，深受同事和学生们的尊敬。退休以后他坚持练习书法，每天清晨都会到公园里散步，和老朋友们"
    "一起喝茶聊天。他留下了妻子{wife}和几个孩子，以及许多孙辈。追悼会将在{place}举行，家属恳请各界朋友不要赠送花圈，可以把善款捐给"
    "当地的希望小学，以此表达对他的怀念。"
)
OBITUARY_JA = (
    "{name}さんが今週、{city}市内の病院で亡くなった。家族や友人に見守られながらの静かな最期だったという。{home}の農家に生まれ、"
    "若いころに上京して{work}で長く技術者として働き、同僚や後輩から深く尊敬されていた。退職後は書道を続け、毎朝公園を散歩して"
    "近所の人たちと話すのを楽しみにしていた。妻の{wife}さんと子どもたち、多くの孫が残された。葬儀は{place}で営まれる予定で、"
    "遺族は供花を辞退し、地元の小学校への寄付を呼びかけている。"
)
OBITUARY_AR = (
    "توفي هذا الأسبوع في مستشفى {city} الأستاذ {name} بعد معاناة طويلة مع المرض وكان أبناؤه وأصدقاؤه إلى جانبه في أيامه الأخيرة. ولد "
    "الراحل في قرية {home} لأسرة تعمل في الزراعة ثم انتقل إلى العاصمة شابا وعمل سنوات طويلة مهندسا في {work} ونال احترام زملائه وطلابه "
    "بسبب صدقه وتواضعه. وبعد تقاعده كان يخرج كل صباح إلى الحديقة ويجلس مع جيرانه لشرب الشاي والحديث. وترك الراحل زوجته {wife} وعددا من "
    "الأبناء والأحفاد. وتقام صلاة الجنازة عليه في {place} وترجو العائلة من الأصدقاء التبرع للمدرسة بدلا من إرسال الزهور"
)
OBITUARY_HI = (
    "{name} का इस सप्ताह {city} के एक अस्पताल में लंबी बीमारी के बाद निधन हो गया और अंतिम समय में उनके बच्चे और मित्र उनके साथ थे। उनका जन्म {home} के एक "
    "किसान परिवार में हुआ था और युवावस्था में वे शहर आए जहां उन्होंने कई वर्षों तक {work} में इंजीनियर के रूप में काम किया और अपने साथियों का सम्मान "
    "पाया। सेवानिवृत्ति के बाद वे हर सुबह बगीचे में टहलने जाते थे और पड़ोसियों के साथ चाय पीते थे। उनके परिवार में पत्नी {wife} और बच्चे तथा कई पोते "
    "हैं। अंतिम संस्कार {place} में होगा और परिवार ने लोगों से फूलों के बदले स्कूल को दान देने की अपील की है।"
)
OBITUARY_TH = (
    "นาย{name}เสียชีวิตอย่างสงบที่โรงพยาบาลใน{city}เมื่อสัปดาห์นี้ โดยมีลูกหลานและเพื่อนฝูงอยู่เคียงข้าง เขาเกิดในครอบครัวชาวนาที่{home}"
    "และย้ายเข้ามาทำงานในเมืองตั้งแต่ยังหนุ่ม เขาทำงานเป็นวิศวกรที่{work}นานหลายปีจนเป็นที่เคารพรักของเพื่อนร่วมงาน หลังเกษียณเขาชอบเดินเล่นใน"
    "สวนสาธารณะทุกเช้าและดื่มชากับเพื่อนบ้าน เขาจากไปโดยทิ้งภรรยาชื่อ{wife}และลูกหลานอีกหลายคนไว้เบื้องหลัง พิธีศพจะจัดขึ้นที่{place} และครอบครัวขอ"
    "ให้ผู้มาร่วมงานบริจาคเงินให้โรงเรียนแทนการส่งดอกไม้"
)

OBITUARY_KO = (
    "{name} 씨가 이번 주 {city}의 한 병원에서 가족과 친구들이 지켜보는 가운데 조용히 세상을 떠났다. 고인은 {home}의 농가에서 태어나 젊은 시절 "
    "서울로 올라와 {work}에서 오랫동안 기술자로 일하며 동료들의 깊은 존경을 받았다. 은퇴한 뒤에는 매일 아침 공원을 산책하며 이웃들과 이야기를 "
    "나누는 것을 즐겼다. 유족으로는 부인 {wife} 씨와 자녀들 그리고 여러 손주가 있다. 장례식은 {place}에서 치러질 예정이며 유족은 조화 대신 지역 "
    "초등학교에 기부해 달라고 당부했다."
)
OBITUARY_HE = (
    "{name} הלך השבוע לעולמו בבית חולים ב{city} לאחר מחלה ממושכת כשבני משפחתו וחבריו לצדו. הוא נולד בכפר {home} למשפחת חקלאים, הגיע לעיר "
    "בצעירותו ועבד שנים רבות כמהנדס ב{work}, שם זכה להערכת עמיתיו ותלמידיו. לאחר פרישתו נהג לטייל בכל בוקר בגן הציבורי ולשוחח עם שכניו. "
    "הוא הותיר אחריו את אשתו {wife}, ילדים ונכדים רבים. ההלוויה תתקיים ב{place} והמשפחה מבקשת לתרום לבית הספר במקום לשלוח פרחים."
)

CASELESS = {
    "ko": (
        OBITUARY_KO,
        ("김영수", "부산", "전주", "한국전력", "이순자", "봉은사"),
        ("박철호", "대구", "강릉", "현대제철", "최미경", "조계사"),
        {"존경": "신뢰", "공원": "강변", "당부": "부탁"},
    ),
    "he": (
        OBITUARY_HE,
        ("משה כהן", "חיפה", "זרעית", "חברת החשמל", "שרה", "כפר סבא"),
        ("דוד לוי", "אשדוד", "אביגדור", "התעשייה האווירית", "רחל", "גבעת שאול"),
        {"להערכת": "לאהבת", "בגן": "בפארק", "רבים": "אהובים"},
    ),
    "zh": (
        OBITUARY_ZH,
        ("王建国", "苏州", "盐城", "纺织机械厂", "李秀英", "静安寺"),
        ("陈志强", "昆明", "大理", "铁路设计院", "赵玉兰", "圆通寺"),
        {"散步": "锻炼", "医院里": "家中", "恳请": "希望"},
    ),
    "ja": (
        OBITUARY_JA,
        ("山本健一", "福岡", "長崎県", "東洋製鉄", "和子", "西光寺"),
        ("佐藤正雄", "仙台", "秋田県", "北都電機", "春江", "大林寺"),
        {"尊敬": "信頼", "散歩": "運動", "呼びかけて": "求めて"},
    ),
    "ar": (
        OBITUARY_AR,
        ("محمد الحسن", "حلب", "السفيرة", "وزارة الري", "فاطمة", "الجامع الأموي"),
        ("خالد العمر", "اللاذقية", "القرداحة", "شركة النفط", "زينب", "مسجد الروضة"),
        {"العاصمة": "المدينة", "تواضعه": "أمانته", "إرسال": "شراء"},
    ),
    "hi": (
        OBITUARY_HI,
        ("रामप्रसाद वर्मा", "कानपुर", "उन्नाव", "भारतीय रेल", "सावित्री देवी", "भैरव घाट"),
        ("मोहनलाल गुप्ता", "भोपाल", "सीहोर", "बिजली निगम", "कमला बाई", "सुभाष नगर"),
        {"बगीचे": "पार्क", "सम्मान": "आदर", "अपील": "विनती"},
    ),
    "th": (
        OBITUARY_TH,
        ("สมชาย ใจดี", "เชียงใหม่", "ลำปาง", "การไฟฟ้า", "มาลี", "วัดสวนดอก"),
        ("ประเสริฐ ทองคำ", "ขอนแก่น", "ร้อยเอ็ด", "กรมชลประทาน", "สุดา", "วัดหนองแวง"),
        {"สวนสาธารณะ": "ลานกว้าง", "เคารพรัก": "ชื่นชม", "บริจาค": "มอบ"},
    ),
}
_SLOTS = ("name", "city", "home", "work", "wife", "place")


@pytest.mark.parametrize("language", CASELESS)
def test_obituaries_of_two_people_are_a_template_where_letters_have_no_case(language: str) -> None:
    text, first, second, _ = CASELESS[language]
    a, b = (text.format(**dict(zip(_SLOTS, filling, strict=True))) for filling in (first, second))
    assert _kind([a], [b]) == "template"


@pytest.mark.parametrize("language", CASELESS)
def test_a_copy_with_some_other_words_is_a_copy_where_letters_have_no_case(language: str) -> None:
    text, first, _, edits = CASELESS[language]
    story = [text.format(**dict(zip(_SLOTS, first, strict=True)))]
    assert _kind(story, _with(story, **edits)) == "copy"


# ------------------------------------------------------------------------------- short and very long texts

BRIEF = (
    "The city council of Dunford voted on Tuesday to close the swimming hall on Mill Road for two years of repairs that "
    "are expected to cost 11 million pounds, after engineers had found cracks in the roof and in both of the main pools. "
    "Schools will use the hall in Ashby until the work is done."
)


def test_a_brief_with_another_word_or_a_line_of_its_own_is_a_copy_on_another_site() -> None:
    assert 40 <= len(BRIEF.split()) < 60
    for other in ([BRIEF.replace("expected", "thought")], [BRIEF, "More on this story as we get it."]):
        assert _kind([BRIEF], other) == "copy"
        assert _kind([BRIEF], other, is_same_site=True) == "shares_text"


def test_a_brief_with_other_facts_is_no_copy() -> None:
    assert _kind([BRIEF], [_with([BRIEF], **{"11_million": "twelve million"})[0]]) == "shares_text"
    assert _kind([BRIEF], [_with([BRIEF], Tuesday="Friday")[0]]) == "shares_text"
    assert _kind([BRIEF], [_with([BRIEF], Dunford="Market Weston")[0]]) == "shares_text"


def test_what_sites_of_a_group_say_of_themselves_is_no_copy() -> None:
    about = (
        "Sign up for the free morning newsletter of the {} and get the top stories of the day sent straight to your inbox "
        "before breakfast. By signing up you agree to our terms of use and to the way in which we handle your data, and "
        "you can leave at any time."
    )
    assert 40 <= len(about.split()) < 60
    assert _kind([about.format("Chronicle")], [about.format("Harbour Post")]) == "shares_text"


def _long_report(lines: int) -> Lines:
    """Paragraphs that have no four words in common with each other or with the stories here."""
    return [" ".join(f"w{place}x{line}" for place in range(30)) + "." for line in range(lines)]


def test_a_story_whole_within_a_very_long_page_is_a_copy() -> None:
    page = [*_long_report(50), *FERRY, *_long_report(120)[50:]]
    assert _kind(FERRY, page) == "copy"
    assert _kind(page[48:54], page) == "copy"


def test_a_brief_within_a_very_long_page_only_shares_text() -> None:
    assert _kind([BRIEF], [*_long_report(50), BRIEF]) == "shares_text"


# --------------------------------------------------------------------------------------------- quotations

STATEMENT = (
    "We are deeply sorry for what happened on board that night, and our thoughts are with the families who lost someone "
    "they loved. A retired judge will lead an inquiry into every decision that was taken, and she will report before the "
    "end of the year. Nobody here will rest until each question of the families has been answered in full and in public, "
    "and we will pay for every funeral and every treatment that is needed, whatever it costs us."
)
REPORT_A = "Divers went down to the wreck for a third day while relatives waited at the pier and lit candles for the missing."
REPORT_B = "Shares of the shipping line fell by a fifth in Manila and two of its ships were kept in port by the authorities."


@pytest.mark.parametrize(("opening", "closing"), ["“”", "‘’", "''", '""', "«»", "„“", "»«"])
def test_a_statement_in_two_reports_is_a_quotation_in_any_marks(opening: str, closing: str) -> None:
    a = [
        REPORT_A,
        f"In a letter the line said: {opening}{STATEMENT}{closing}",
        "It gave no details of the workers’ pay.",
    ]
    b = [f"{opening}{STATEMENT}{closing} the owner wrote of the 6'2\" captain.", REPORT_B]
    assert _kind(a, b) == "quotation"


def test_half_of_a_speech_is_a_copy_though_every_paragraph_of_it_opens_a_quotation() -> None:
    sentences = STATEMENT.split(". ")
    speech = [f"“{line}" for line in [*sentences, *FERRY]]
    assert _kind(speech, speech[:5]) == "copy"


def test_a_mark_that_is_never_closed_makes_no_quotation_of_a_copy() -> None:
    merged = 'The owner wrote "' + " ".join([STATEMENT, *FERRY[1:]])
    assert _kind([merged, REPORT_A], [*FERRY, STATEMENT, REPORT_B, *TALKS_US]) == "copy"


# ------------------------------------------------------------------------------------------- legal notices

NOTICE = [
    "{0} Investor Notice: Hartwell & Voss, a firm that stands for the rights of shareholders, reminds whoever bought "
    "shares of {1} between {2} and {3}, both days included, of the {4} deadline to ask for the lead of the case.",
    "If you bought shares of {1} in this period you may be entitled to compensation without paying any fees of your own, "
    "as the firm is paid only out of what is won for the members of the group.",
    "To join the case against {1}, go to the pages of Hartwell & Voss or call Miriam Hartwell without charge for more on "
    "how such cases are led. A suit has been filed already. Whoever wants to stand for the others must ask the court "
    "no later than {4}. A lead plaintiff speaks for the other members of the group and directs the suit.",
    "We advise investors to choose lawyers with a record of success in leading such cases. Often those that send such "
    "notices have neither the experience nor the means, nor are they known among their peers. Hartwell & Voss stands for "
    "investors all over the world and works on suits about securities alone. In 2019 it won more than 438 million "
    "dollars for investors, and it was among the first four of its kind in each year since 2013.",
    "No group has been certified so far. Until then nobody speaks for you unless you name somebody. Hartwell & Voss, 275 "
    "Old Mill Avenue, 40th floor, New York.",
]


def test_notices_of_one_law_firm_about_two_companies_are_a_series() -> None:
    one = ("ACMR", "Acme Robotics Inc", "March 3, 2025", "July 24, 2026", "November 30, 2026")
    other = ("BLDF", "Belden Foods Corp", "January 9, 2026", "August 2, 2026", "December 14, 2026")
    assert (
        _kind([line.format(*one) for line in NOTICE], [line.format(*other) for line in NOTICE]) == "template"
    )
