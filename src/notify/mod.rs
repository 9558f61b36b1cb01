//! Delivers one alert to one channel.
