"""Labels of links between Chinese or Japanese events: whole words that say something, never a run of characters cut anywhere."""

from __future__ import annotations

import datetime as dt

import pytest

from relatedstories import Event, RelatedStories

CHINESE = [
    ("port-1", "港口工人罢工进入第三周", "港口工人罢工进入第三周，集装箱堆积如山。更多信息可以参考工会网站。"),
    ("port-2", "工会与港口达成协议，罢工结束", "港口工人罢工结束，工会接受了工资协议。更多信息可以参考工会网站。"),
    ("vote-1", "全国选举投票率创新低", "周日的议会选举投票率只有百分之五十，委员会周一公布结果。"),
    ("vote-2", "反对党赢得议会选举", "在议会选举中，反对党获得多数席位，总理承认失败。"),
    ("space-1", "空间站宇航员完成太空行走", "两名宇航员在空间站外工作六小时，更换了太阳能电池板。"),
    ("space-2", "货运飞船与空间站对接", "货运飞船周四与空间站对接，送去食品和太阳能电池板。"),
    ("art-1", "博物馆失窃名画找回", "警方找回去年从博物馆被盗的名画，逮捕两名嫌疑人。"),
    ("art-2", "名画失窃案嫌疑人受审", "博物馆名画失窃案的两名嫌疑人周一在法院受审。"),
]
JAPANESE = [
    ("plant-1", "原子力発電所の冷却装置に故障", "原子力発電所の冷却装置が故障し、原子炉が停止した。詳細は後日公開される。"),
    ("plant-2", "規制委員会、原子力発電所の再稼働を承認", "冷却装置の修理を受け、再稼働を承認した。詳細は後日公開される。"),
    ("art-1", "美術館から盗まれた絵画が見つかる", "警察は昨年美術館から盗まれた絵画を見つけ、容疑者2人を逮捕した。"),
    ("art-2", "絵画盗難事件の容疑者の裁判始まる", "美術館の絵画盗難事件で、容疑者2人の裁判が始まった。"),
    ("budget-1", "国会で予算案の審議始まる", "国会で来年度の予算案の審議が始まり、野党は増額に反対した。"),
    ("budget-2", "予算案が国会で可決", "増額を含む予算案が国会で可決された。"),
]


def fitted(rows: list[tuple[str, str, str]]) -> RelatedStories:
    days = [dt.date(2026, 3, day) for day in range(1, 1 + len(rows))]
    events = [Event(name, title, text, date=day) for (name, title, text), day in zip(rows, days, strict=True)]
    return RelatedStories().fit(events)


@pytest.mark.parametrize(
    ("rows", "a", "expected"),
    [
        (CHINESE, "port", "港口"),
        (CHINESE, "vote", "选举"),
        (CHINESE, "space", "空间站"),
        (CHINESE, "art", "名画"),
        (JAPANESE, "plant", "原子力発電所"),
        (JAPANESE, "art", "絵画"),
        (JAPANESE, "budget", "予算案"),
    ],
)
def test_the_label_is_a_noun_of_both_titles(rows: list[tuple[str, str, str]], a: str, expected: str) -> None:
    assert fitted(rows).explain(f"{a}-1", f"{a}-2").contexts[:1] == (expected,)


@pytest.mark.parametrize(
    ("language", "first", "second"),
    [
        (
            "zh",
            ("新版本发布", "我们很高兴地宣布新版本发布。更多信息可以参考以下网页。"),
            ("修正版今日发布", "我们很高兴地宣布修正版发布。"),
        ),
        (
            "ja",
            ("新しい版の公開", "新しい版が公開されました。協力頂きました皆様に感謝します。"),
            ("修正版の公開", "修正版が公開されました。"),
        ),
    ],
)
def test_what_every_notice_says_is_no_label(language: str, first: tuple[str, str], second: tuple[str, str]) -> None:
    rows = [(f"{language}-1", *first), (f"{language}-2", *second)]
    assert fitted(rows + (CHINESE if language == "zh" else JAPANESE)).explain(f"{language}-1", f"{language}-2").contexts == ()


def test_the_parts_of_a_foreign_name_are_one_label() -> None:
    rows = [
        ("a", "会談にハンス・ベルク氏", "ハンス・ベルク氏が港の会談に出た。"),
        ("b", "ハンス・ベルク氏が演説", "ハンス・ベルク氏は漁業について演説した。"),
    ]
    assert fitted([*rows, *JAPANESE]).explain("a", "b").contexts[0] == "ハンス・ベルク"


KOREAN = [
    ("a-1", "서울 지하철 노조의 파업", "지하철 노조가 파업을 시작했습니다. 자세한 사항은 공지를 참조하십시오."),
    ("a-2", "지하철 노조, 임금 합의로 파업을 끝냈다", "지하철 노조는 임금에 합의했습니다. 자세한 사항은 공지를 참조하십시오."),
    ("b-1", "미술관에서 사라진 그림을 찾았다", "경찰은 작년 미술관에서 사라진 그림을 찾았습니다."),
    ("b-2", "그림 도난 사건의 재판이 열렸다", "미술관 그림 도난 사건의 재판이 시작되었습니다."),
    ("c-1", "새 로켓 발사가 연기됐다", "날씨 때문에 로켓 발사가 하루 늦어졌습니다."),
    ("c-2", "로켓 발사 성공", "새 로켓이 위성을 궤도에 올렸습니다."),
]


@pytest.mark.parametrize(("a", "expected"), [("a", "지하철 노조"), ("b", "그림"), ("c", "로켓")])
def test_korean_labels_have_no_particle_and_are_no_verb(a: str, expected: str) -> None:
    assert fitted(KOREAN).explain(f"{a}-1", f"{a}-2").contexts[:1] == (expected,)
