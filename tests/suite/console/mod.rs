//! The console, screen by screen: keys in, screens out.

mod detail;
mod flows;
mod loads;
mod looks;
mod pictures;
mod scene;
mod screens;
mod script;
mod svg;
