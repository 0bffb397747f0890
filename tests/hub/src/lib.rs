//! A server that speaks like Hugging Face, and misbehaves on command.
