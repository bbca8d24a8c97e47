"""Three hundred names that software stumbles over, each as somebody might type it."""

from __future__ import annotations

from collections.abc import Iterator

# The first, the last and some characters between of every block a name may be written with.
BLOCKS = (
    "\u3400\u3402\u343c\u3447\u3a70\u4d13\u4dae\u4dbf",  # Extension A, 㐂 among them
    "\u4e00\u4ec4\u5586\u9dab\u9f98\u9fa5\u9fa6\u9fb4\u9fbb\u9fc3\u9fd5\u9fef\u9fff",
    "\U00020000\U0002000b\U00020087\U00020089\U00020bb7\U00021a1a\U00029fce\U0002a6d6\U0002a6df",
    "\U0002a700\U0002a7dd\U0002b5ae\U0002b689\U0002b734\U0002b739",  # C
    "\U0002b740\U0002b758\U0002b7a9\U0002b7c5\U0002b81d",  # D
    "\U0002b820\U0002b823\U0002c029\U0002c542\U0002cb73\U0002cea1",  # E
    "\U0002ceb0\U0002d544\U0002da01\U0002e5c8\U0002ebe0",  # F
    "\U00030000\U00030008\U000301ed\U00030729\U00030edd\U0003134a",  # G
    "\U00031350\U000319ab\U00031f90\U000323af",  # H, younger than many a font
)
DOTS = "·•‧∙⋅・･．.\u0387"
DOTTED = ("阿依古丽{}买买提", "古丽娜尔{}艾合买提{}吐尔逊", "买买提{} 依明", "{}扎西{}")
LATIN = """
    José María|Nguyễn Thị Ánh|Zoë Kraków|Škoda Šárka|Ångström|Løvås|Müller|Groß|Đặng Văn Ơn
    Çelik İnci|ı ışık|Ÿ|Ḩasan|Ṯ́|Ǆ|ﬁ Fischer|St. John-Smythe|d'Artagnan|O’Brien|Jr. Smith, Sr.
    X Æ A-12|van der Meer|  Anna   Maria|Ṩ|q̣̇|Å|Ω Mega|ß|ẞ|İstanbul
""".replace("\n", "|")
SCRIPTS = """
    ئايگۈل|مەمەت ئىمىن|قۇربانجان·ئابدۇللا|گۈلنار|خەيرىنىسا|أحمد|محمّد|بولات|قايرات
    བཀྲ་ཤིས|བསྟན་འཛིན་རྒྱ་མཚོ|དོན་གྲུབ|ཀརྨ|སྒྲོལ་མ|ཀྵ
    ᠪᠠᠲᠤ|ᠲᠡᠮᠦᠷ|ᠰᠤᠳᠤ ᠪᠢᠯᠢᠭ|ᠪᠠᠲᠤ᠋|ᡝᡵᡩᡝᠮᡠ|ᠠ‍ᠪ|ᠪᠠ‌ᠲᠤ
    ꀀꄮ|ꆈꌠꁱꂷ|ᥖᥭᥰ|ᦷᦎᦑ|ဆန်း|김철수|김철수|조선 사람|Βασίλης|Їжак Йосип|Йосип|Ёлкин
    दीपक|த‌மி‍ழ்|ไทย ใจดี|សុខ|ਗੁਰਪ੍ਰੀਤ|한|가|ヴァイオレット|ガラシャ|ｶﾞ
""".replace("\n", "|")
TABLES = """
    'x|''x|'=x|''=x|'张|"|""|"张"|张"三"|,|张,三|;|张;三|张,"三|\\|\\"|a\\tb|`x`|#|#N/A
    =1+1|=HYPERLINK("http://x","y")|=cmd|' /C calc'!A0|+86|+张|-|-x|--|@x|@SUM(A1)|＝1|＋1|－1|＠x
    ={1}|=@x|=-1|+=|1E5|00123|0x10|1.0|TRUE|false|NULL|None|NaN|Infinity|nan|2026-11-23|11/23
    _x0041_|_x000D_|&amp;|&lt;b&gt;|<b>张</b>|<script>alert(1)</script>|{{7*7}}|${x}|%s|%00|\\u0041
    <r><t>x</t></r>|]]>|<!--|--|../..|C:\\张|a|0|是|男|id|姓名|编号|—|张*燕|138****5678|http://x.cn
""".replace("\n", "|")
WIDE = "ＡＢＣ|ａｂｃ|１２３|（张）|张－三|！|　全角　空格　|ＭＡＲＩＡ　ＪＯＳＥ|￥|｜"
COMPATIBLE = "豈更車神祥福靖精羽飯飼館鶴﨎﨏﨑﨓﨔﨟﨡﨣﨤﨧﨨﨩\U0002f800\U0002fa1d㊣⼀⺀々〇〆"
VARIED = "辻\U000e0100|葛\U000e0101飾|邉\U000e010f|❤\ufe0f|☺\ufe0e|神\ufe00|👨‍👩‍👧|🀄|🇨🇳|é́"


def _typed() -> Iterator[str]:
    for block in BLOCKS:
        for place, letter in enumerate(block):
            yield ("{}", "张{}", "{}野", "王{}华")[place % 4].format(letter)
    for pattern in DOTTED:
        for dot in DOTS:
            yield pattern.format(*[dot] * 3)
    for some in (LATIN, SCRIPTS, TABLES, WIDE, VARIED):
        yield from filter(str.strip, some.split("|"))
    for letter in COMPATIBLE:
        yield f"{letter}某"
    for letter in "张𠮷\U00030000é=ﷺ":
        yield letter * 40
        yield letter * 120  # as many as a name may have


TYPED = tuple(_typed())
