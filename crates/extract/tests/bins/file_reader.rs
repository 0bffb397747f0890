//! The reader alone, so that tests have one without building the app.

fn main() {
    paddock_extract::reader_main();
}
