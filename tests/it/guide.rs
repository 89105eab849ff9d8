//! The guide names tests and files of the repository: they must be there.

use std::fs;
use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The chapters: file names, without `absent.md`, which is none.
fn chapters() -> Vec<String> {
    let folder = fs::read_dir(root().join("src/guide")).expect("the guide");
    let names = folder.map(|entry| entry.expect("the guide").file_name().to_string_lossy().into_owned());
    let mut names: Vec<String> = names.filter(|name| name.ends_with(".md") && name != "absent.md").collect();
    names.sort();
    assert!(names.len() >= 9, "{names:?}");
    names
}

/// What a text has between backticks and looks like a file of the repository, with the test that it names behind `::`.
fn named_files(text: &str) -> impl Iterator<Item = (&str, Option<&str>)> {
    let folders = ["tests/", "examples/", "benches/", "src/", "docs/", ".ci/"];
    let quoted = text
        .lines()
        .filter(|line| !line.starts_with("```"))
        .flat_map(|line| line.split('`').skip(1).step_by(2));
    let paths = quoted.filter(move |quoted| folders.iter().any(|folder| quoted.starts_with(folder)));
    paths.map(|path| match path.split_once("::") {
        Some((path, test)) => (path, Some(test)),
        None => (path, None),
    })
}

#[test]
fn what_the_guide_names_is_there() {
    let mut complaints = Vec::new();
    for chapter in chapters() {
        let text = read(&format!("src/guide/{chapter}"));
        for (path, test) in named_files(&text) {
            if !root().join(path).exists() {
                complaints.push(format!("{chapter}: there is no {path}"));
            } else if test.is_some_and(|test| !read(path).contains(&format!("fn {test}("))) {
                complaints
                    .push(format!("{chapter}: there is no test {} in {path}", test.unwrap_or_default()));
            }
        }
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

/// Every row says where it is and what shows it, or that it is yet to come.
#[test]
fn every_feature_is_shown_by_a_test() {
    let text = read("src/guide/features.md");
    let rows: Vec<&str> =
        text.lines().filter(|line| line.starts_with("| ") && !line.starts_with("| what ")).collect();
    assert!(rows.len() > 40, "the rows were not found");
    for row in rows {
        let cells: Vec<&str> = row.trim_matches('|').split(" | ").map(str::trim).collect();
        let [_, place, shown] = cells[..] else { panic!("three cells are wanted: {row}") };
        if place.starts_with("*not yet*") {
            assert!(place.contains("<!-- later: ") && shown.is_empty(), "what is it to be? {row}");
        } else {
            assert!(place.contains('`'), "where is it? {row}");
            assert!(named_files(shown).next().is_some(), "what shows it? {row}");
        }
    }
}

/// A chapter that nobody names would be neither published nor tested.
#[test]
fn every_chapter_is_published() {
    let guide = read("src/guide/mod.rs");
    for chapter in chapters() {
        let name = chapter.trim_end_matches(".md");
        assert!(guide.contains(&format!("\"{chapter}\" {name}")), "{chapter} is no module");
        assert!(guide.contains(&format!("[`{name}`]")), "{chapter} is not in the table of contents");
        let text = read(&format!("src/guide/{chapter}"));
        let after_title = text.lines().nth(2).unwrap_or_default();
        assert!(
            text.starts_with("# ") && after_title.starts_with("For "),
            "{chapter} does not say for whom it is"
        );
    }
    assert!(read("README.md").contains("arenite/guide/"), "the front page does not lead to the guide");
}

/// The steps of the public CI are scripts that can be run alone.
#[test]
fn every_step_of_the_workflow_is_a_script() {
    let workflow = read(".github/workflows/ci.yml");
    let in_matrix = workflow.split_once("step:\n").expect("a matrix of steps").1.lines();
    let in_matrix =
        in_matrix.map_while(|line| line.trim_start().strip_prefix("- ")).filter(|step| !step.contains(':'));
    let named = workflow.lines().filter_map(|line| line.trim_start().strip_prefix("- run: .ci/"));
    let steps: Vec<&str> = in_matrix.chain(named.filter(|step| !step.starts_with('$'))).collect();
    assert!(steps.len() > 15 && steps.contains(&"lint") && steps.contains(&"miri"), "{steps:?}");
    for step in steps {
        assert!(root().join(".ci").join(step).is_file(), "there is no .ci/{step}");
    }
}
