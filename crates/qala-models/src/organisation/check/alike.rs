//! Titles that say the same: likeness by words, in which a rare word counts for more than a common one.

use std::collections::HashMap;

use crate::run::Names;

/// Words of fewer letters, and words with digits, are only like themselves.
const SHORT: usize = 4;

/// Words that tie others together and say nothing themselves.
const TIES: &[&str] = &[
    "a",
    "an",
    "and",
    "at",
    "by",
    "for",
    "from",
    "in",
    "of",
    "on",
    "or",
    "the",
    "to",
    "with",
    "в",
    "во",
    "для",
    "за",
    "и",
    "из",
    "или",
    "к",
    "на",
    "о",
    "об",
    "от",
    "по",
    "при",
    "с",
    "со",
    "у",
    "бен",
    "бойынша",
    "және",
    "мен",
    "пен",
    "туралы",
    "үшін",
];

/// Words are forms of one word from this likeness on.
const SAME_WORD: f64 = 0.8;

/// Pairs of titles, by their places, whose likeness is at least `least` (above 0, up to 1); the earlier one first, in
/// rising order.
///
/// Likeness is Dice's: twice the weight of the words that both have, by the weights of all words of the two, where words
/// that stand in place of others count twice: `public parks` and `private parks` are two things. Forms and misspellings of a
/// word are the word; a word weighs 1 + ln((1 + titles)/(1 + titles that have it)). Where one title only adds words to the
/// other, all words weigh the same. Titles with other numbers are not alike, and an empty title is like none.
pub fn pairs(titles: &[&str], least: f64) -> Vec<(usize, usize)> {
    let mut words = Names::default();
    let spelled: Vec<Vec<usize>> = titles
        .iter()
        .map(|title| split(title).map(|word| words.place(&word)).collect())
        .collect();
    let forms = forms(&words, &spelled);
    let bags: Vec<Vec<usize>> = spelled
        .iter()
        .map(|words| bag(words.iter().map(|word| forms[*word])))
        .collect();
    let mut titles_with = vec![0_usize; words.len()];
    for word in bags.iter().flatten() {
        titles_with[*word] += 1;
    }
    let weights: Vec<f64> = titles_with
        .iter()
        .map(|count| 1.0 + ((1.0 + titles.len() as f64) / (1.0 + *count as f64)).ln())
        .collect();
    let mut found = joined(&bags, &weights, &titles_with, least);
    found.extend(longer(&bags, &titles_with, least));
    found.sort_unstable();
    found.dedup();
    let is_number = |word: usize| words.name(word).chars().any(char::is_numeric);
    let numbers: Vec<Vec<usize>> = bags
        .iter()
        .map(|bag| bag.iter().copied().filter(|word| is_number(*word)).collect())
        .collect();
    found.retain(|(a, b)| numbers[*a] == numbers[*b]);
    found
}

/// Letters and digits in lower case, without words that only tie.
fn split(title: &str) -> impl Iterator<Item = String> {
    title
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
        .filter(|word| !TIES.contains(&word.as_str()))
}

fn bag(words: impl Iterator<Item = usize>) -> Vec<usize> {
    let mut bag: Vec<usize> = words.collect();
    bag.sort_unstable();
    bag.dedup();
    bag
}

/// For each word the word that stands for its forms: the most frequent first, so that forms do not chain.
fn forms(words: &Names, spelled: &[Vec<usize>]) -> Vec<usize> {
    let mut uses = vec![0_usize; words.len()];
    for word in spelled.iter().flatten() {
        uses[*word] += 1;
    }
    let mut order: Vec<usize> = (0..words.len()).collect();
    order.sort_by(|a, b| uses[*b].cmp(&uses[*a]).then(words.name(*a).cmp(words.name(*b))));
    let letters: Vec<Vec<char>> = words.iter().map(|word| word.chars().collect()).collect();
    let mut stands = vec![0; words.len()];
    // Forms share their first letters, and a misspelling leaves the second or the third: so few words are compared.
    let mut known: HashMap<(usize, char, char), Vec<usize>> = HashMap::new();
    for word in order {
        let spelling = &letters[word];
        stands[word] = word;
        if spelling.len() < SHORT || spelling.iter().any(|c| c.is_numeric()) {
            continue;
        }
        let keys = [1, 2].map(|place| (place, spelling[0], spelling[place]));
        let same = keys
            .iter()
            .filter_map(|key| known.get(key))
            .flatten()
            .find(|other| word_likeness(spelling, &letters[**other]) >= SAME_WORD);
        match same {
            Some(other) => stands[word] = *other,
            None => keys
                .into_iter()
                .for_each(|key| known.entry(key).or_default().push(word)),
        }
    }
    stands
}

/// The better of two: what of the words is their common beginning, and what no edit touches.
fn word_likeness(a: &[char], b: &[char]) -> f64 {
    let (short, long) = (a.len().min(b.len()), a.len().max(b.len()));
    if 2.0 * short as f64 / ((short + long) as f64) < SAME_WORD {
        return 0.0;
    }
    let prefix = a.iter().zip(b).take_while(|(a, b)| a == b).count();
    let beginning = 2.0 * prefix as f64 / (short + long) as f64;
    let untouched = 1.0 - edits(a, b) as f64 / long as f64;
    beginning.max(untouched)
}

/// Levenshtein's distance.
fn edits(a: &[char], b: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, y) in b.iter().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(row[j] + 1).min(diagonal + 1);
        }
    }
    row[b.len()]
}

/// All pairs of bags with a weighted likeness of at least `least`, without looking at most of the others: two alike bags
/// share one of the rare words that make up all but the last part of each (prefix filtering, Chaudhuri, Ganti and Kaushik
/// 2006, <https://doi.org/10.1109/ICDE.2006.9>).
fn joined(bags: &[Vec<usize>], weights: &[f64], titles_with: &[usize], least: f64) -> Vec<(usize, usize)> {
    let total = |bag: &[usize]| bag.iter().map(|word| weights[*word]).sum::<f64>();
    // Rounding must not hide a pair that is exactly as like as asked for.
    let least = least - 1e-12;
    let mut seen: HashMap<usize, Vec<usize>> = HashMap::new();
    let mut found = Vec::new();
    for (place, bag) in bags.iter().enumerate() {
        let mut rare = bag.clone();
        rare.sort_by_key(|word| (titles_with[*word], *word));
        let whole = total(bag);
        let mut candidates = Vec::new();
        let mut left = whole;
        for word in rare {
            // Of a bag that is alike, at least this weight is shared: what is left is less.
            if left < whole * least / (2.0 - least) {
                break;
            }
            left -= weights[word];
            let others = seen.entry(word).or_default();
            candidates.extend_from_slice(others);
            others.push(place);
        }
        candidates.sort_unstable();
        candidates.dedup();
        found.extend(candidates.into_iter().filter_map(|other| {
            let shared: f64 = common(bag, &bags[other]).map(|word| weights[word]).sum();
            let (own, its) = (whole - shared, total(&bags[other]) - shared);
            let apart = own + its + 2.0 * own.min(its);
            (2.0 * shared >= least * (2.0 * shared + apart)).then_some((other, place))
        }));
    }
    found
}

/// All pairs of bags of which one holds all words of the other, with a likeness by number of at least `least`. The rarest
/// word of the shorter one is in the longer one, which leaves few to look at.
fn longer(bags: &[Vec<usize>], titles_with: &[usize], least: f64) -> Vec<(usize, usize)> {
    let mut by_rarest: HashMap<usize, Vec<usize>> = HashMap::new();
    for (place, bag) in bags.iter().enumerate() {
        if let Some(rarest) = bag.iter().min_by_key(|word| (titles_with[**word], **word)) {
            by_rarest.entry(*rarest).or_default().push(place);
        }
    }
    let mut found = Vec::new();
    for (place, bag) in bags.iter().enumerate() {
        for other in bag.iter().filter_map(|word| by_rarest.get(word)).flatten() {
            let (short, long) = (bags[*other].len(), bag.len());
            if *other != place
                && 2.0 * short as f64 >= (least - 1e-12) * (short + long) as f64
                && common(&bags[*other], bag).count() == short
            {
                found.push((place.min(*other), place.max(*other)));
            }
        }
    }
    found
}

/// Words of two bags in rising order that are in both.
fn common<'a>(a: &'a [usize], b: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
    a.iter().copied().filter(|word| b.binary_search(word).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn alike(a: &str, b: &str) -> bool {
        !pairs(&[a, b], 0.8).is_empty()
    }

    #[test]
    fn order_case_forms_and_misspellings_do_not_matter() {
        for (a, b) in [
            ("Issue of building permits", "issue of BUILDING permit"),
            ("Licensing of taxis", "Taxi lycensing in the city"),
            ("Содержание дорог города", "Города содержание дороги"),
            ("Қоғамдық көлікті ұйымдастыру", "Қоғамдық көлік ұйымдастыру"),
            ("Maintenance of street lights", "Maintenence of street lights"),
            ("Приём обращений граждан", "Прием обращений граждан"),
            ("Содержание дорог", "Содержание автомобильных дорог"),
        ] {
            assert!(alike(a, b), "{a} / {b}");
        }
    }

    #[test]
    fn other_words_and_other_numbers_are_other_things() {
        for (a, b) in [
            ("Issue of building permits", "Issue of trade permits"),
            ("Содержание дорог", "Содержание парков"),
            ("Function 123", "Function 124"),
            ("School No 12: repair", "School No 13: repair"),
            ("Import control", "Export control"),
            ("School No 12", "School No 12 and 13"),
            (
                "Supervision of public buildings",
                "Supervision of private buildings",
            ),
            ("", ""),
            ("…", "—"),
        ] {
            assert!(!alike(a, b), "{a} / {b}");
        }
    }

    #[test]
    fn the_same_pairs_are_found_as_by_comparing_all() {
        for round in 0..200 {
            let mut random = Random::part(3, round);
            let titles: Vec<String> = (0..30)
                .map(|_| {
                    (0..=random.below(6))
                        .map(|_| ["j", "b", "c", "d", "e", "f", "g", "h", "i"][random.below(9)])
                        .collect::<Vec<_>>()
                        .join(" ")
                })
                .collect();
            let titles: Vec<&str> = titles.iter().map(String::as_str).collect();
            let bags: Vec<Vec<&str>> = titles
                .iter()
                .map(|title| {
                    let mut words: Vec<&str> = title.split(' ').collect();
                    words.sort_unstable();
                    words.dedup();
                    words
                })
                .collect();
            let weight = |word: &&str| {
                let count = bags.iter().filter(|bag| bag.contains(word)).count() as f64;
                1.0 + (31.0 / (1.0 + count)).ln()
            };
            for least in [0.3, 0.8, 1.0] {
                let mut expected = Vec::new();
                for a in 0..30 {
                    for b in a + 1..30 {
                        let sum = |bag: &[&str]| bag.iter().map(weight).sum::<f64>();
                        let shared = bags[a]
                            .iter()
                            .filter(|word| bags[b].contains(word))
                            .map(weight)
                            .sum::<f64>();
                        let count = bags[a].iter().filter(|word| bags[b].contains(word)).count();
                        let sizes = (bags[a].len(), bags[b].len());
                        let adds = count == sizes.0.min(sizes.1)
                            && 2.0 * count as f64 >= (least - 1e-12) * (sizes.0 + sizes.1) as f64;
                        let (own, its) = (sum(&bags[a]) - shared, sum(&bags[b]) - shared);
                        let apart = own + its + 2.0 * own.min(its);
                        if adds || 2.0 * shared >= (least - 1e-12) * (2.0 * shared + apart) {
                            expected.push((a, b));
                        }
                    }
                }
                assert_eq!(pairs(&titles, least), expected, "{round} {least}");
            }
        }
    }
}
