//! What the findings say, in three languages.

use qala_core::Text;

/// A date as `2026-03-02`, from days since 1970-01-01 (Hinnant's algorithm).
pub(super) fn date(day: i64) -> String {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * of_year + 2) / 153;
    let number = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{number:02}")
}

pub(super) fn no_owner() -> Text {
    Text::new("иесі жоқ", "нет владельца", "it has no owner")
}

pub(super) fn gap(from: i64, to: i64) -> Text {
    let (from, to) = (date(from), date(to));
    Text::new(
        format!("{from} мен {to} аралығында иесі жоқ"),
        format!("нет владельца с {from} до {to}"),
        format!("nobody owns it from {from} to {to}"),
    )
}

pub(super) fn no_programme() -> Text {
    Text::new(
        "бюджеттік бағдарламасы жоқ",
        "нет бюджетной программы",
        "no budget programme pays for it",
    )
}

pub(super) fn no_indicator() -> Text {
    Text::new("көрсеткіші жоқ", "нет показателя", "no indicator measures it")
}

pub(super) fn mend_orphan() -> Text {
    Text::new(
        "функцияның иесін, бағдарламасын және көрсеткішін белгілеңіз немесе оны аяқтаңыз",
        "назначьте функции владельца, программу и показатель или завершите её",
        "give the function an owner, a programme and an indicator, or end it",
    )
}

pub(super) fn unknown_owner(owner: &str) -> Text {
    Text::new(
        format!("иесі `{owner}` тізілімде жоқ"),
        format!("владельца `{owner}` нет в реестре"),
        format!("its owner `{owner}` is not in the register"),
    )
}

pub(super) fn owner_begins(owner: &str, day: i64) -> Text {
    let day = date(day);
    Text::new(
        format!("иесі `{owner}` {day} күнінен ғана жұмыс істейді"),
        format!("владелец `{owner}` существует только с {day}"),
        format!("its owner `{owner}` begins only on {day}"),
    )
}

pub(super) fn mend_unknown_owner() -> Text {
    Text::new(
        "органды тізілімге енгізіңіз немесе басқа ие белгілеңіз",
        "внесите орган в реестр или назначьте другого владельца",
        "enter the body into the register or name another owner",
    )
}

pub(super) fn owner_ends(owner: &str, day: i64) -> Text {
    let day = date(day);
    Text::new(
        format!("иесі `{owner}` {day} күні таратылады, ал функция жалғасады"),
        format!("владелец `{owner}` упразднён с {day}, а функция продолжается"),
        format!("its owner `{owner}` ends on {day} and the function goes on"),
    )
}

pub(super) fn mend_ended_owner(day: i64) -> Text {
    let day = date(day);
    Text::new(
        format!("{day} күнінен бастап функцияны басқа органға беріңіз немесе аяқтаңыз"),
        format!("передайте функцию другому органу с {day} или завершите её"),
        format!("hand the function to another body from {day} on, or end it"),
    )
}

pub(super) fn same_title(a: &str, b: &str) -> Text {
    Text::new(
        format!("атаулары бірдей дерлік: «{a}» және «{b}»"),
        format!("названия почти совпадают: «{a}» и «{b}»"),
        format!("their titles say the same: “{a}” and “{b}”"),
    )
}

pub(super) fn two_owners(a: &str, b: &str) -> Text {
    Text::new(
        format!("бір уақытта екі иесі бар: `{a}` және `{b}`"),
        format!("одновременно два владельца: `{a}` и `{b}`"),
        format!("it has two owners at the same time: `{a}` and `{b}`"),
    )
}

pub(super) fn mend_duplicate() -> Text {
    Text::new(
        "біреуін қалдырыңыз немесе айырмашылығын атауында көрсетіңіз",
        "оставьте одну или покажите различие в названии",
        "keep one of them, or say in the title how they differ",
    )
}

pub(super) fn no_source() -> Text {
    Text::new(
        "дерек көзі көрсетілмеген",
        "не указан источник данных",
        "it has no source of data",
    )
}

pub(super) fn mend_source() -> Text {
    Text::new(
        "дерек көзін көрсетіңіз немесе көрсеткішті алып тастаңыз",
        "укажите источник данных или уберите показатель",
        "name the source of its data, or drop the indicator",
    )
}

pub(super) fn no_function() -> Text {
    Text::new(
        "функциясы көрсетілмеген",
        "не указана функция",
        "it has no function",
    )
}

pub(super) fn unknown_function(function: &str) -> Text {
    Text::new(
        format!("`{function}` функциясы тізілімде жоқ"),
        format!("функции `{function}` нет в реестре"),
        format!("its function `{function}` is not in the register"),
    )
}

pub(super) fn function_not_in_force(function: &str, day: i64) -> Text {
    let day = date(day);
    Text::new(
        format!("`{function}` функциясы {day} күні жұмыс істемейді"),
        format!("функция `{function}` не действует на {day}"),
        format!("its function `{function}` is not in force on {day}"),
    )
}

pub(super) fn mend_function() -> Text {
    Text::new(
        "көрсеткішті қолданыстағы функцияға байланыстырыңыз",
        "свяжите показатель с действующей функцией",
        "tie the indicator to a function that is in force",
    )
}

pub(super) fn ring(bodies: &str) -> Text {
    Text::new(
        format!("бағыныстылық тұйықталған: {bodies}"),
        format!("подчинение замкнуто: {bodies}"),
        format!("the chain of reporting closes on itself: {bodies}"),
    )
}

pub(super) fn mend_ring() -> Text {
    Text::new(
        "осы органдардың біреуінің жоғары тұрған органын түзетіңіз",
        "исправьте вышестоящий орган у одного из них",
        "mend the parent of one of these bodies",
    )
}

pub(super) fn no_body() -> Text {
    Text::new("органы көрсетілмеген", "не указан орган", "it has no body")
}

pub(super) fn unknown_body(body: &str) -> Text {
    Text::new(
        format!("`{body}` органы тізілімде жоқ"),
        format!("органа `{body}` нет в реестре"),
        format!("its body `{body}` is not in the register"),
    )
}

pub(super) fn body_ends(body: &str, day: i64) -> Text {
    let day = date(day);
    Text::new(
        format!("`{body}` органы {day} күні таратылады, ал лауазым қалады"),
        format!("орган `{body}` упразднён с {day}, а должность осталась"),
        format!("its body `{body}` ends on {day} and the post remains"),
    )
}

pub(super) fn body_begins(body: &str, day: i64) -> Text {
    let day = date(day);
    Text::new(
        format!("`{body}` органы {day} күнінен ғана жұмыс істейді"),
        format!("орган `{body}` существует только с {day}"),
        format!("its body `{body}` begins only on {day}"),
    )
}

pub(super) fn mend_post() -> Text {
    Text::new(
        "лауазымды қолданыстағы органға ауыстырыңыз немесе қысқартыңыз",
        "переведите должность в действующий орган или сократите её",
        "move the post to a body that is there, or end it",
    )
}

/// `reports` direct reports of `managers` posts that manage; 0 managers: the head is no post of the register.
pub(super) fn span(reports: usize, managers: usize) -> Text {
    if managers == 0 {
        return Text::new(
            format!("тікелей бағыныштылар саны: {reports}"),
            format!("прямых подчинённых: {reports}"),
            format!("{reports} direct reports"),
        );
    }
    Text::new(
        format!("тікелей бағыныштылар: {reports}, басшылар: {managers}"),
        format!("прямых подчинённых: {reports}, руководителей: {managers}"),
        format!("{reports} direct reports, {managers} managers"),
    )
}

pub(super) fn mend_wide() -> Text {
    Text::new(
        "басқару буынын қосыңыз немесе бағыныштыларды бөліңіз",
        "добавьте звено управления или разделите подчинённых",
        "add a level or share the reports among more managers",
    )
}

pub(super) fn mend_narrow() -> Text {
    Text::new(
        "басшы лауазымдарын азайтыңыз немесе бөлімшелерді біріктіріңіз",
        "сократите руководящие должности или объедините подразделения",
        "cut posts that manage, or merge bodies",
    )
}

/// Several sayings as one.
pub(super) fn join(texts: &[Text]) -> Text {
    let all = |pick: fn(&Text) -> &String| {
        texts
            .iter()
            .map(|text| pick(text).as_str())
            .collect::<Vec<_>>()
            .join("; ")
    };
    Text::new(all(|text| &text.kk), all(|text| &text.ru), all(|text| &text.en))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        for (day, written) in [
            (0, "1970-01-01"),
            (19_782, "2024-02-29"),
            (-1, "1969-12-31"),
            (20_454, "2026-01-01"),
            (11_016, "2000-02-29"),
        ] {
            assert_eq!(date(day), written);
        }
    }
}
