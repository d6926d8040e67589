//! Comma-separated values (RFC 4180) as Excel reads and writes them, and nothing in them that it would take for a formula.

/// UTF-8 is announced by this: without it, Excel in Japan reads Shift_JIS.
pub const BOM: char = '\u{feff}';
/// A cell that begins so is a formula to a spreadsheet.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// What stands before such a cell: spreadsheets take the rest as text.
const AS_TEXT: char = '\'';

/// A row that cannot be read: the quotation that begins in this line (from 1) never ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Unclosed(pub usize);

/// Writes rows, each with its line's end.
pub fn write<'a>(rows: impl IntoIterator<Item = Vec<std::borrow::Cow<'a, str>>>) -> String {
    let mut text = String::from(BOM);
    for row in rows {
        for (at, cell) in row.iter().enumerate() {
            if at > 0 {
                text.push(',');
            }
            write_cell(&mut text, cell);
        }
        text.push_str("\r\n");
    }
    text
}

fn write_cell(text: &mut String, cell: &str) {
    // What begins with the sign itself would lose it when it is read back.
    let guarded = cell.starts_with(FORMULA) || cell.starts_with(AS_TEXT);
    let quoted = cell.contains([',', '"', '\r', '\n', '\t']);
    if quoted {
        text.push('"');
    }
    if guarded {
        text.push(AS_TEXT);
    }
    text.push_str(&if quoted { cell.replace('"', "\"\"") } else { cell.to_owned() });
    if quoted {
        text.push('"');
    }
}

/// Reads rows with the line (from 1) in which each begins; empty lines are left out.
///
/// # Errors
/// [`Unclosed`].
pub fn read(text: &str) -> Result<Vec<(usize, Vec<String>)>, Unclosed> {
    let (mut rows, mut row, mut cell) = (Vec::new(), Vec::new(), String::new());
    let (mut line, mut begun) = (1, 1);
    let mut quoted = None;
    let mut letters = text.trim_start_matches(BOM).chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' if quoted.is_some() => {
                if letters.next_if_eq(&'"').is_some() {
                    cell.push('"');
                } else {
                    quoted = None;
                }
            }
            '"' if cell.is_empty() => quoted = Some(line),
            ',' if quoted.is_none() => row.push(plain(&mut cell)),
            '\r' | '\n' if quoted.is_none() => {
                if letter == '\r' {
                    letters.next_if_eq(&'\n');
                }
                row.push(plain(&mut cell));
                end_row(&mut rows, begun, &mut row);
                line += 1;
                begun = line;
            }
            letter => {
                line += usize::from(letter == '\n');
                cell.push(letter);
            }
        }
    }
    if let Some(line) = quoted {
        return Err(Unclosed(line));
    }
    row.push(plain(&mut cell));
    end_row(&mut rows, begun, &mut row);
    Ok(rows)
}

/// A cell as it was before it was written.
fn plain(cell: &mut String) -> String {
    let cell = std::mem::take(cell);
    match cell.strip_prefix(AS_TEXT) {
        Some(rest) if rest.starts_with(FORMULA) || rest.starts_with(AS_TEXT) => rest.to_owned(),
        _ => cell,
    }
}

fn end_row(rows: &mut Vec<(usize, Vec<String>)>, line: usize, row: &mut Vec<String>) {
    let row = std::mem::take(row);
    if row.iter().any(|cell| !cell.trim().is_empty()) {
        rows.push((line, row));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn quotes_line_ends_and_marks_are_read_as_the_standard_says() {
        let text = "\u{feff}a,\"b, \"\"c\"\"\",\r\n\r\n\"two\r\nlines\",x\n,,\nlast";
        let rows = read(text).unwrap();
        let row = |line: usize, cells: &[&str]| (line, cells.iter().map(|&cell| cell.to_owned()).collect::<Vec<_>>());
        assert_eq!(rows, [row(1, &["a", "b, \"c\"", ""]), row(3, &["two\r\nlines", "x"]), row(6, &["last"])]);
        assert_eq!(read("a\n\"b\nc"), Err(Unclosed(2)));
        assert_eq!(read(""), Ok(Vec::new()));
    }

    #[test]
    fn no_cell_is_a_formula_to_a_spreadsheet() {
        for cell in ["=1+1", "+81", "-1", "@SUM(A1)", "\t=1", "=HYPERLINK(\"http://x\",\"y\")"] {
            let written = write([vec![cell.into()]]);
            let body = written.trim_start_matches(BOM).trim_start_matches('"');
            assert!(body.starts_with('\''), "{written}");
            assert_eq!(read(&written).unwrap()[0].1, [cell]);
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read_back(
            rows in prop::collection::vec(prop::collection::vec("[-=+@'\"\t\r\n, aあ]{0,6}", 2..4), 1..5)
        ) {
            let written = write(rows.iter().map(|row| row.iter().map(|cell| cell.into()).collect()));
            let kept: Vec<_> = rows.into_iter().filter(|row| row.iter().any(|cell| !cell.trim().is_empty())).collect();
            let found: Vec<_> = read(&written).unwrap().into_iter().map(|(_, row)| row).collect();
            prop_assert_eq!(found, kept);
        }
    }
}
