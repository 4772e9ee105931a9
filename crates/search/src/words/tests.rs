use rstest::rstest;

use super::*;

/// Writes words as `position:text`.
fn show(words: &[Word]) -> String {
    let shown: Vec<String> = words.iter().map(|word| format!("{}:{}", word.position, word.text)).collect();
    shown.join(" ")
}

#[rstest]
#[case("Thick film, resistor", "0:thick 1:film 2:resistor")]
#[case("4.7 1% v.1 5. x%", "0:4.7 1:1% 2:v 3:1 4:5 5:x")]
#[case("RC0603FR-0710KL", "0:rc0603fr 1:0710kl")]
#[case("抵抗器 X", "0:抵 0:抵抗 1:抗 1:抗器 2:器 3:x")]
#[case("抵抗器10k", "0:抵 0:抵抗 1:抗 1:抗器 2:器 3:10k")]
#[case("10kΩ 1%", "0:10kohm 0:10 1:kohm 0:10k 1:ohm 2:1%")]
#[case("10 kOhms 1%", "0:10kohm 0:10 1:kohm 0:10k 1:ohm 2:1%")]
#[case("10k ohm 1%", "0:10kohm 0:10 1:kohm 0:10k 1:ohm 2:1%")]
#[case("10 k Ω 1%", "0:10kohm 0:10 1:kohm 0:10k 1:ohm 1:k 2:1%")]
#[case("100 nF", "0:100nf 0:100 1:nf")]
#[case("100nF X7R", "0:100nf 0:100 1:nf 2:x7r")]
#[case("10, uF", "0:10 1:uf")]
#[case("10k-ohm", "0:10k 1:ohm")]
#[case("", "")]
fn words_of_a_document(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(show(&document_words(text)), expected);
}

#[rstest]
#[case("Thick film", "0:thick 1:film")]
#[case("抵抗器", "0:抵抗 1:抗器")]
#[case("器", "0:器")]
#[case("10kΩ 1%", "0:10kohm 2:1%")]
#[case("10 k ohm 1%", "0:10kohm 2:1%")]
#[case("10k", "0:10k")]
#[case("ohms", "0:ohm")]
fn words_of_a_query(#[case] text: &str, #[case] expected: &str) {
    assert_eq!(show(&query_words(text)), expected);
}

#[test]
fn a_long_word_is_shortened_the_same_way_on_both_sides() {
    let long = "x".repeat(10 * MAX_WORD);
    assert_eq!(query_words(&long)[0].text.len(), MAX_WORD);
    assert_eq!(document_words(&long), query_words(&long));
}
