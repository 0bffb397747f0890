//! What the local server needs of the app besides answers: its settings and its token.

use std::net::IpAddr;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use paddock_engine_api::protocol::MAX_PARALLEL;

use crate::{
    ApiError, App, DataDir, ErrorCode,
    view::{ServerSettings, TokenPlace},
};

/// The name of the token's entry in the keychain.
pub(crate) const TOKEN_ENTRY: &str = "local-server";
/// The setting that holds the server's settings.
const SERVER: &str = "server";
/// Of the token's random part, in bytes: 256 bits.
const TOKEN_BYTES: usize = 32;
/// What tokens begin with, so that a leaked one can be recognised.
const TOKEN_PREFIX: &str = "paddock-";

impl App {
    /// How the local server is set up.
    ///
    /// # Errors
    /// Only what the disk says; what cannot be read counts as not set.
    pub async fn server_settings(&self) -> Result<ServerSettings, ApiError> {
        self.with_store(|store| match store.setting(SERVER) {
            Ok(settings) => Ok(settings.unwrap_or_default()),
            Err(paddock_store::Error::SettingUnreadable { .. }) => Ok(ServerSettings::default()),
            Err(error) => Err(error),
        })
        .await
    }

    /// Change it. What is running goes on as it is.
    ///
    /// # Errors
    /// When a value is out of its range, and what the disk says.
    pub async fn set_server_settings(&self, settings: ServerSettings) -> Result<ServerSettings, ApiError> {
        let refuse = |message: String| Err(ApiError::new(ErrorCode::BadInput, message));
        if settings.port < 1024 {
            return refuse(format!("Port {} is not open to ordinary programs; 1024 to 65535 are.", settings.port));
        }
        if !(1..=MAX_PARALLEL).contains(&settings.n_parallel) {
            return refuse(format!(
                "{} answers cannot be written at once; 1 to {MAX_PARALLEL} can.",
                settings.n_parallel
            ));
        }
        self.with_store(move |store| {
            store.set_setting(SERVER, &settings)?;
            Ok(settings)
        })
        .await
    }

    /// How many answers a model is loaded for.
    pub(crate) async fn n_parallel(&self) -> u32 {
        match self.server_settings().await {
            Ok(settings) => settings.n_parallel.clamp(1, MAX_PARALLEL),
            Err(_) => ServerSettings::default().n_parallel,
        }
    }

    /// What other programs have to show at the local server; made when it is asked for the first time. Where the system
    /// has no keychain, it is good until the end of this process.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub async fn server_token(&self) -> Result<(String, TokenPlace), ApiError> {
        match self.inner.server_token.own().await {
            Some(own) => Ok(own),
            None => self.renew_server_token().await,
        }
    }

    /// Another token; the one before is good for nothing any more.
    ///
    /// # Errors
    /// As [`Self::server_token`].
    pub async fn renew_server_token(&self) -> Result<(String, TokenPlace), ApiError> {
        let token = random_token()?;
        self.inner.server_token.set(token.clone()).await;
        Ok(self.inner.server_token.own().await.unwrap_or((token, TokenPlace::Session)))
    }

    /// Where this app writes.
    pub fn data_dir(&self) -> &DataDir {
        &self.inner.data
    }
}

/// A token that nobody can guess.
///
/// # Errors
/// When the system gives no random numbers.
pub fn random_token() -> Result<String, ApiError> {
    let mut bytes = [0_u8; TOKEN_BYTES];
    getrandom::fill(&mut bytes).map_err(|error| {
        ApiError::new(ErrorCode::Internal, format!("The system gives no random numbers for a token: {error}."))
    })?;
    Ok(format!("{TOKEN_PREFIX}{}", BASE64_URL_SAFE_NO_PAD.encode(bytes)))
}

/// The address under which other computers of the network reach this one, if it is in one. Nothing is sent: connecting a
/// datagram socket only asks the system for its route.
pub fn own_address() -> Option<IpAddr> {
    let socket = std::net::UdpSocket::bind(("0.0.0.0", 0)).ok()?;
    // TEST-NET-1 (RFC 5737), which is nobody's.
    socket.connect(("192.0.2.1", 9)).ok()?;
    socket
        .local_addr()
        .ok()
        .map(|address| address.ip())
        .filter(|address| !address.is_loopback() && !address.is_unspecified())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may fail loudly")]
mod tests {
    use super::*;

    #[test]
    fn no_two_tokens_are_alike_and_each_holds_256_bits() {
        let (one, two) = (random_token().unwrap(), random_token().unwrap());
        assert_ne!(one, two);
        assert_eq!(one.len(), TOKEN_PREFIX.len() + 43);
    }
}
