//! A web server's requests, without the network: a region for each, on tasks that yield and migrate.

use std::collections::{BTreeMap, HashMap};

use axum::body::{Body, to_bytes};
use axum::http::{Request, header};
use axum::routing::post;
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use tower::ServiceExt;

use super::Job;

/// Requests that are under way at a time.
const TASKS: usize = 16;

#[derive(Serialize, Deserialize)]
struct Order {
    customer: String,
    goods: Vec<String>,
    cents: u64,
}

#[derive(Default, Serialize)]
struct Bill {
    orders: usize,
    cents: u64,
    goods: BTreeMap<String, usize>,
}

pub(super) fn one_worker(job: &mut Job<'_>) -> Option<u64> {
    serve(job, 1)
}

pub(super) fn two_workers(job: &mut Job<'_>) -> Option<u64> {
    serve(job, 2)
}

fn serve(job: &mut Job<'_>, workers: usize) -> Option<u64> {
    let requests = job.times(16_000);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(workers).build().ok()?;
    let body = serde_json::to_vec(&orders()).ok()?;
    Some(job.measure(|memory, _| {
        let app = memory.app(Router::new().route("/", post(answer)));
        runtime.block_on(async {
            let client = || tokio::spawn(client(app.clone(), body.clone(), requests / TASKS));
            let tasks: Vec<_> = (0..TASKS).map(|_| client()).collect();
            let mut bytes = 0;
            for task in tasks {
                bytes += task.await.expect("a client does not panic");
            }
            bytes
        })
    }))
}

/// Asks again and again, and returns how many bytes the answers had.
async fn client(app: Router, body: Vec<u8>, requests: usize) -> u64 {
    let mut bytes = 0;
    for _ in 0..requests {
        let request = Request::post("/").header(header::CONTENT_TYPE, "application/json");
        let request = request.body(Body::from(body.clone())).expect("the request is well-formed");
        let response = app.clone().oneshot(request).await.unwrap_or_else(|never| match never {});
        bytes += to_bytes(response.into_body(), usize::MAX).await.map_or(0, |body| body.len() as u64);
    }
    bytes
}

async fn answer(Json(orders): Json<Vec<Order>>) -> Json<HashMap<String, Bill>> {
    let mut bills: HashMap<String, Bill> = HashMap::new();
    for (number, order) in orders.into_iter().enumerate() {
        let bill = bills.entry(order.customer).or_default();
        bill.orders += 1;
        bill.cents += order.cents;
        for goods in order.goods {
            *bill.goods.entry(goods).or_default() += 1;
        }
        if number % 8 == 7 {
            tokio::task::yield_now().await;
        }
    }
    Json(bills)
}

fn orders() -> Vec<Order> {
    let goods =
        |number: usize| (0..number % 7).map(|item| format!("article {}", number * item % 97)).collect();
    let order = |number: usize| Order {
        customer: format!("customer {}", number % 23),
        goods: goods(number),
        cents: number as u64 * 99 % 10_000,
    };
    (0..40).map(order).collect()
}
