//! The part of GTFS-Realtime 2.0 that vehicle positions need, as protobuf messages
//! (<https://github.com/google/transit/blob/master/gtfs-realtime/proto/gtfs-realtime.proto>).
//!
//! Written by hand so that this crate shares no code with the reader of the format.

/// A whole message.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct FeedMessage {
    #[prost(message, required, tag = "1")]
    pub(crate) header: FeedHeader,
    #[prost(message, repeated, tag = "2")]
    pub(crate) entity: Vec<FeedEntity>,
}

/// Version, kind of data set and time of the message.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct FeedHeader {
    #[prost(string, required, tag = "1")]
    pub(crate) gtfs_realtime_version: String,
    /// 0: `FULL_DATASET`.
    #[prost(int32, optional, tag = "2")]
    pub(crate) incrementality: Option<i32>,
    #[prost(uint64, optional, tag = "3")]
    pub(crate) timestamp: Option<u64>,
}

/// One thing.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct FeedEntity {
    #[prost(string, required, tag = "1")]
    pub(crate) id: String,
    #[prost(message, optional, tag = "4")]
    pub(crate) vehicle: Option<VehiclePosition>,
}

/// Where a vehicle is.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct VehiclePosition {
    #[prost(message, optional, tag = "1")]
    pub(crate) trip: Option<TripDescriptor>,
    #[prost(message, optional, tag = "2")]
    pub(crate) position: Option<Position>,
    #[prost(uint32, optional, tag = "3")]
    pub(crate) current_stop_sequence: Option<u32>,
    /// 1: `STOPPED_AT`, 2: `IN_TRANSIT_TO`.
    #[prost(int32, optional, tag = "4")]
    pub(crate) current_status: Option<i32>,
    #[prost(uint64, optional, tag = "5")]
    pub(crate) timestamp: Option<u64>,
    #[prost(string, optional, tag = "7")]
    pub(crate) stop_id: Option<String>,
    #[prost(message, optional, tag = "8")]
    pub(crate) vehicle: Option<VehicleDescriptor>,
    /// 0 `EMPTY` to 5 `FULL`.
    #[prost(int32, optional, tag = "9")]
    pub(crate) occupancy_status: Option<i32>,
}

/// Which trip.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct TripDescriptor {
    #[prost(string, optional, tag = "1")]
    pub(crate) trip_id: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(crate) start_time: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) start_date: Option<String>,
    #[prost(string, optional, tag = "5")]
    pub(crate) route_id: Option<String>,
    #[prost(uint32, optional, tag = "6")]
    pub(crate) direction_id: Option<u32>,
}

/// A position; speed in m/s.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Position {
    #[prost(float, required, tag = "1")]
    pub(crate) latitude: f32,
    #[prost(float, required, tag = "2")]
    pub(crate) longitude: f32,
    #[prost(float, optional, tag = "3")]
    pub(crate) bearing: Option<f32>,
    #[prost(float, optional, tag = "5")]
    pub(crate) speed: Option<f32>,
}

/// Which vehicle.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct VehicleDescriptor {
    #[prost(string, optional, tag = "1")]
    pub(crate) id: Option<String>,
    #[prost(string, optional, tag = "2")]
    pub(crate) label: Option<String>,
    #[prost(string, optional, tag = "3")]
    pub(crate) license_plate: Option<String>,
}
