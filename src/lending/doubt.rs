//! What looks as if it were about a person: the ledger is about boxes, so such a text is questioned once.

use serde::Serialize;

/// What a text looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Looks {
    /// A person's name.
    Name,
    /// A telephone number.
    Telephone,
}

/// The commonest family names, which alone make a name of a short text. Others are known by what stands beside them.
const FAMILIES: [&str; 50] = [
    "佐藤",
    "鈴木",
    "高橋",
    "田中",
    "伊藤",
    "渡辺",
    "渡邊",
    "山本",
    "中村",
    "小林",
    "加藤",
    "吉田",
    "山田",
    "佐々木",
    "山口",
    "松本",
    "井上",
    "木村",
    "斎藤",
    "齋藤",
    "斉藤",
    "清水",
    "山崎",
    "池田",
    "橋本",
    "阿部",
    "石川",
    "山下",
    "中島",
    "石井",
    "小川",
    "前田",
    "岡田",
    "長谷川",
    "藤田",
    "後藤",
    "近藤",
    "村上",
    "遠藤",
    "青木",
    "坂本",
    "福田",
    "太田",
    "西村",
    "藤井",
    "岡本",
    "藤原",
    "三浦",
    "金子",
    "中野",
];
/// What follows a name when people write of somebody. Not 「さま」: 「さまざま」.
const TITLES: [&str; 7] = ["様", "さん", "ちゃん", "くん", "君", "氏", "殿"];
/// Before them stands a word and no name.
const NO_NAMES: [&str; 13] =
    ["お客", "皆", "仕", "多", "異", "模", "同", "神", "利用者", "担当者", "保護者", "職員", "たく"];
/// What announces a name on a form.
const LABELS: [&str; 5] = ["氏名", "名前", "フリガナ", "ふりがな", "世帯主"];
/// Digits of a telephone number, with the 0 in front (ITU-T E.164, Japan's numbering plan).
const DIALLED: std::ops::RangeInclusive<usize> = 10..=11;

/// What a text looks like, if it looks as if it were about somebody.
pub fn looks(text: &str) -> Option<Looks> {
    let text = half_width(text.trim());
    if has_telephone(&text) {
        return Some(Looks::Telephone);
    }
    has_name(&text).then_some(Looks::Name)
}

/// Whether a telephone number stands in it.
pub fn has_telephone(text: &str) -> bool {
    let mut run = String::new();
    // What ends the last run.
    let ended = half_width(text) + "\n";
    for letter in ended.chars() {
        match letter {
            '0'..='9' | '+' => run.push(letter),
            '-' | '(' | ')' | ' ' | '.' if !run.is_empty() => {}
            // A hexadecimal number of a device.
            letter if letter.is_ascii_alphanumeric() => run.push('x'),
            _ => {
                let home = run.strip_prefix("+81").map(|rest| format!("0{}", rest.trim_start_matches('0')));
                let dialled = home.as_deref().unwrap_or(&run);
                if dialled.starts_with('0') && DIALLED.contains(&dialled.len()) && all_digits(dialled) {
                    return true;
                }
                run.clear();
            }
        }
    }
    false
}

fn all_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_kanji(letter: char) -> bool {
    matches!(letter, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '々')
}

fn is_kana(letter: char) -> bool {
    matches!(letter, '\u{3041}'..='\u{3096}' | '\u{30a1}'..='\u{30fa}' | 'ー')
}

fn has_name(text: &str) -> bool {
    if LABELS.iter().any(|label| text.contains(label)) {
        return true;
    }
    let titled = |title: &str| {
        text.match_indices(title).any(|(at, _)| {
            let before = text.get(..at).unwrap_or_default();
            let name = before.chars().next_back().is_some_and(|letter| is_kanji(letter) || is_kana(letter));
            name && !NO_NAMES.iter().any(|word| before.ends_with(word))
        })
    };
    if TITLES.iter().any(|title| titled(title)) {
        return true;
    }
    let parts: Vec<&str> =
        text.split([' ', '・', '、', ',', '/', '(', ')', ':']).filter(|part| !part.is_empty()).collect();
    let family = |part: &&str| {
        FAMILIES.iter().any(|family| {
            let given = part.strip_prefix(family);
            given.is_some_and(|given| given.chars().count() <= 3 && given.chars().all(|c| is_kanji(c) || is_kana(c)))
        })
    };
    if parts.iter().any(family) {
        return true;
    }
    // Two short parts of one script, and nothing else.
    let written = |part: &str, most: usize, of: fn(char) -> bool| part.chars().count() <= most && part.chars().all(of);
    let (kanji, kana) = (|part: &str| written(part, 3, is_kanji), |part: &str| written(part, 5, is_kana));
    match parts.as_slice() {
        [one, other] => (kanji(one) && (kanji(other) || kana(other))) || (kana(one) && kana(other)),
        _ => false,
    }
}

/// Full-width letters, digits and signs as a Japanese keyboard writes them, in ASCII.
pub fn half_width(text: &str) -> String {
    let narrow = |letter: char| match letter {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(letter) - 0xfee0).unwrap_or(letter),
        '\u{3000}' => ' ',
        // Hyphens, dashes and the minus that keyboards offer for one.
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    };
    let narrowed: Vec<char> = text.chars().map(narrow).collect();
    // A long vowel between digits is a hyphen.
    let digit = |at: Option<usize>| at.and_then(|at| narrowed.get(at)).is_some_and(char::is_ascii_digit);
    let letters = narrowed.iter().enumerate().map(|(at, letter)| {
        if *letter == 'ー' && digit(at.checked_sub(1)) && digit(Some(at + 1)) { '-' } else { *letter }
    });
    letters.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_telephone_numbers_are_seen_and_what_is_said_of_a_box_is_not() {
        for (text, expected) in [
            ("0422-00-1234", Some(Looks::Telephone)),
            ("連絡先 090 1234 5678 午後", Some(Looks::Telephone)),
            ("０４２２ー００ー１２３４", Some(Looks::Telephone)),
            ("(03)1234-5678", Some(Looks::Telephone)),
            ("+81 90-1234-5678", Some(Looks::Telephone)),
            ("山田太郎", Some(Looks::Name)),
            ("山田　花子", Some(Looks::Name)),
            ("祖父江 慎", Some(Looks::Name)),
            ("ヤマダ　ハナコ", Some(Looks::Name)),
            ("わかば町の小野寺様", Some(Looks::Name)),
            ("佐藤さんへ", Some(Looks::Name)),
            ("氏名は別紙", Some(Looks::Name)),
            ("", None),
            ("車いす", None),
            ("電源コードなし", None),
            ("HDMIケーブル 2本", None),
            ("10000000A1B2C3D4", None),
            ("0000000012345678", None),
            ("010000000A1", None),
            ("M-2026-014", None),
            ("2026-12-01", None),
            ("Raspberry Pi 4 Model B", None),
            ("保護者様控えあり", None),
            ("皆さん用", None),
        ] {
            assert_eq!(looks(text), expected, "{text}");
        }
    }
}
