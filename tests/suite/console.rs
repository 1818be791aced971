//! The console, screen by screen: keys in, screens out.

mod flows;
mod loads;
mod looks;
mod pictures;
mod scene;
mod screens;
mod script;
mod svg;
