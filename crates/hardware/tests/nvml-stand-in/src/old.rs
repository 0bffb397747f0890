//! The same library as a driver of the 470 branch has it: without the functions that came later. nvml-wrapper then
//! finds them missing, as it does on a computer with such a driver.

mod calls;
mod place;
mod profile;
