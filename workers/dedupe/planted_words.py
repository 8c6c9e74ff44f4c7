"""What planted texts are made of: common words and stock phrases of several languages. Data only.

Common words and stock phrases are what unrelated news texts truly share; content words, names and numbers are
invented by `planted.py` from the syllables given here.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

__all__ = ["LANGUAGES", "Language"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Language:
    """Attributes:
    common: the most frequent words, most frequent first.
    phrases: stock phrases of news prose.
    onsets, nuclei: of the syllables of invented words.
    glue: between two words of a sentence: a space, or nothing.
    stop: at a sentence's end.
    quotes: opening and closing.
    said: verb of attribution.
    are_nouns_capital: every invented noun starts with a capital.
    """

    common: tuple[str, ...]
    phrases: tuple[str, ...]
    onsets: str
    nuclei: tuple[str, ...]
    glue: str = " "
    stop: str = "."
    quotes: tuple[str, str] = ("“", "”")
    said: str = "said"
    are_nouns_capital: bool = False


def _split(text: str) -> tuple[str, ...]:
    return tuple(text.split())


def _lines(text: str) -> tuple[str, ...]:
    return tuple(line.strip() for line in text.strip().splitlines())


LANGUAGES: Final[dict[str, Language]] = {
    "en": Language(
        common=_split(
            "the of to and a in that is for on it was with as he be at by said his from are an they which this have had "
            "not but has been will were one would who their more after about than also its when up out there two year "
            "could over or new last first other people"
        ),
        phrases=_lines(
            """according to people familiar with the matter
            did not immediately respond to a request for comment
            at the end of the day on
            in the wake of the
            for the first time since the
            the vast majority of the
            declined to comment on the report
            as part of an effort to
            is one of the most important
            on the condition of anonymity because
            at a news conference on Tuesday
            it was not immediately clear whether the
            the number of people who have
            in an interview with the newspaper
            a spokesman for the ministry said on
            over the course of the past year
            the government said in a statement that
            is expected to take place in the
            on the other side of the
            will be able to use the"""
        ),
        onsets="bcdfghklmnprstvw",
        nuclei=_split("a e i o u an en in on ar er or al el il ast ent ing ock ell"),
    ),
    "de": Language(
        common=_split(
            "der die und in den von zu das mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat "
            "dass sie nach wird bei einer um am sind noch wie einem über einen so zum war haben nur oder aber vor zur bis "
            "mehr durch man sein wurde"
        ),
        phrases=_lines(
            """wie ein Sprecher am Dienstag mitteilte
            nach Angaben der Polizei wurde niemand verletzt
            war zunächst nicht zu erreichen
            zum ersten Mal seit mehr als
            im Rahmen einer Pressekonferenz in
            in den kommenden Wochen soll die
            das geht aus einem Bericht hervor
            an der Spitze der Regierung steht
            wollte sich dazu nicht äußern und
            auf der anderen Seite steht die"""
        ),
        onsets="bdfghklmnprstwz",
        nuclei=_split("a e i o u ei au ie er en el ung an in om ach icht ort"),
        quotes=("„", "“"),
        said="sagte",
        are_nouns_capital=True,
    ),
    "fr": Language(
        common=_split(
            "de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont avec son aux été "
            "mais comme ont cette ou sa fait être deux leur on même après ans nous entre tout ses selon"
        ),
        phrases=_lines(
            """selon une source proche du dossier
            a indiqué le ministère dans un communiqué
            pour la première fois depuis le
            dans le cadre de cette enquête
            lors d une conférence de presse
            n a pas souhaité faire de commentaire
            à la suite de la décision
            la plupart des personnes concernées par
            au cours des dix dernières années
            de l autre côté de la"""
        ),
        onsets="bcdfgjlmnprstv",
        nuclei=_split("a e i o u ai eau ou on an in er é elle ette ion ard"),
        quotes=("«", "»"),
        said="déclare",
    ),
    "es": Language(
        common=_split(
            "de la que el en y a los del se las por un para con no una su al lo como más pero sus le ha o este sí porque esta "
            "entre cuando muy sin sobre también me hasta hay donde quien desde todo nos durante"
        ),
        phrases=_lines(
            """según fuentes cercanas a la investigación
            por primera vez desde hace más de
            en el marco de la reunión
            dijo el portavoz en una rueda de prensa
            a lo largo de los últimos años
            no respondió a una solicitud de comentarios
            la mayor parte de las personas
            en los próximos días se espera que
            uno de los más importantes del país
            al otro lado de la frontera"""
        ),
        onsets="bcdfglmnprstv",
        nuclei=_split("a e i o u ar er ir al el on en an ado ente ía ción"),
        quotes=("«", "»"),
        said="dijo",
    ),
    "ru": Language(
        common=_split(
            "в и на что не с по о как из за к для это от он но был его до года при также после у или было были более она они "
            "том уже их так все со еще может которые только"
        ),
        phrases=_lines(
            """об этом сообщает пресс служба ведомства
            по словам источника знакомого с ситуацией
            в ходе пресс конференции во вторник
            впервые за последние несколько лет
            на данный момент нет информации о
            как отметил представитель министерства в
            в ближайшее время планируется начать
            одной из самых важных задач"""
        ),
        onsets="бвгдзклмнпрстф",
        nuclei=_split("а е и о у ов ен ин ар ел ость ник ский ание ть"),
        quotes=("«", "»"),
        said="сказал",
    ),
    "zh": Language(
        common=_split(
            "的 了 在 是 和 有 我们 这 他 也 不 人 中 大 为 上 个 国 说 年 对 将 与 要 会 到 等 以 及 他们 表示 目前 进行 已经 可以 其中"
        ),
        phrases=_lines(
            """据有关部门负责人介绍说
            在接受记者采访时表示
            截至目前没有人员伤亡报告
            今年以来首次出现的情况
            将进一步加强有关方面的合作"""
        ),
        onsets="天地山水火木金土日月星云风雨雷电花草树林江河湖海城村路桥门窗书车船飞机电话学校医院公司市场政府",
        nuclei=_split("业 家 部 人 员 场 局 院 会 团 区 县 州 省 市 工 程 法 律 信 息"),
        glue="",
        stop="。",
        said="说",
    ),
    "ja": Language(
        common=_split(
            "の に は を た が で て と し れ さ ある いる も する から な こと として い や れる など なっ ない この ため その あっ よう また もの という "
            "あり まで られ なる へ か だ これ によって により おり より による ず なり られる において"
        ),
        phrases=_lines(
            """関係者への取材で明らかになった
            記者会見で述べた
            現時点でけが人の情報はない
            さらに詳しい原因を調べている
            今後の対応を検討している"""
        ),
        onsets="東西南北市県町村駅港橋空港道路電力鉄工場研究開発予算選挙議会警察消防病院学校児童被害調査会社",
        nuclei=_split("部 局 員 者 所 会 的 性 化 案 法 費 量 率 力 長 ター ング"),
        glue="",
        stop="。",
        quotes=("「", "」"),
        said="と話した",
    ),
    "th": Language(
        common=_split(
            "ที่ และ ใน การ ของ เป็น มี ได้ ว่า จะ ให้ ไม่ ความ กับ จาก นี้ โดย แต่ ก็ ไป มา แล้ว ยัง หรือ ต้อง เพื่อ ซึ่ง กว่า คน อยู่ ถึง ด้วย ปี วัน "
            "ทำ ผู้ เมื่อ แห่ง ทั้ง อย่าง"
        ),
        phrases=_lines(
            """เปิดเผยกับผู้สื่อข่าวว่า
            ขณะนี้ยังไม่มีรายงานผู้เสียชีวิต
            เป็นครั้งแรกในรอบหลายปี
            เจ้าหน้าที่กำลังตรวจสอบสาเหตุ"""
        ),
        onsets="กขคงจชซดตถทนบปผพมยรลวสหอ",
        nuclei=_split("าน ัด ิด ูล าย ัง อน ีย อง ุก เรศ"),
        glue="",
        stop=" ",
        said="กล่าวโดย",
    ),
    "ar": Language(
        common=_split(
            "في من على أن إلى التي عن مع هذا الذي هذه بعد ما لا كان قد بين كما لم وقد حيث أو ذلك كل عند حتى منذ خلال ولا هو إن أي قبل دون كانت عدد يوم "
            "غير لها فيه ومن"
        ),
        phrases=_lines(
            """وفقا لمصادر مطلعة على الملف
            قال المتحدث باسم الوزارة في بيان
            للمرة الأولى منذ عدة سنوات
            ولم يتسن الحصول على تعليق فوري
            خلال مؤتمر صحفي عقد يوم الثلاثاء"""
        ),
        onsets="بتجحدرزسشصطعفقكلمنهو",
        nuclei=_split("ا و ي ار ان ين ات ول يد اب ام ير"),
        quotes=("«", "»"),
        said="قال",
    ),
    "hi": Language(
        common=_split(
            "के में की है और से को का ने पर कि यह भी हैं एक इस नहीं तो कर हो गया लिए था ही वह जो अपने साथ बाद कहा करने रहे किया उन्होंने तक गए कुछ थे दिया "
            "अब होने वाले"
        ),
        phrases=_lines(
            """मामले की जानकारी रखने वाले सूत्रों के अनुसार
            मंत्रालय ने एक बयान में कहा
            कई वर्षों में पहली बार
            इस पर तत्काल कोई टिप्पणी नहीं मिली
            मंगलवार को संवाददाता सम्मेलन में"""
        ),
        onsets="कगचजतदनपबमयरलवसह",
        nuclei=_split("ा ि ी ु े ो ान ेश ीय ोर ार न ल"),
        stop="।",
        said="कहा",
    ),
}
