//! The server.

use std::collections::{BTreeMap, HashMap};

use arenite::RegionLayer;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use crate::{BUDGET, GLOBAL};

/// How much a greedy request asks for.
const GREED: usize = 64 << 20;

pub(crate) fn app(regions: bool) -> Router {
    let app = Router::new().route("/orders", post(orders)).route("/greedy", get(greedy));
    if regions {
        // Each request has a region, from its first poll to the end of the response's body. Past the budget it is dropped
        // when it next yields, and the client gets a 503.
        app.layer(RegionLayer::new(|| GLOBAL.region().with_name("request").with_limit(BUDGET)))
    } else {
        app
    }
}

#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Order {
    pub(crate) customer: String,
    pub(crate) goods: Vec<String>,
    pub(crate) cents: u64,
}

#[derive(Debug, Default, Serialize)]
struct Bill {
    orders: usize,
    cents: u64,
    goods: BTreeMap<String, usize>,
}

/// What each customer has to pay.
async fn orders(Json(orders): Json<Vec<Order>>) -> Json<HashMap<String, Bill>> {
    let mut bills: HashMap<String, Bill> = HashMap::new();
    for (number, order) in orders.into_iter().enumerate() {
        let bill = bills.entry(order.customer).or_default();
        bill.orders += 1;
        bill.cents += order.cents;
        for goods in order.goods {
            *bill.goods.entry(goods).or_default() += 1;
        }
        if number % 32 == 31 {
            // As one does who asks a data base; the task may go on upon another thread.
            tokio::task::yield_now().await;
        }
    }
    Json(bills)
}

/// Collects more and more.
async fn greedy() -> String {
    let mut hoard = Vec::new();
    while hoard.len() * 1000 < GREED {
        hoard.push(vec![1_u8; 1000]);
        if hoard.len() % 100 == 0 {
            tokio::task::yield_now().await;
        }
    }
    hoard.len().to_string()
}
