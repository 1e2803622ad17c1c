// tokio's timers and tasks on its current-thread runtime, as the C++ benchmarks do them with ours. Prints nanoseconds per
// item as JSON.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;

const ALIVE: usize = 100_000;
const BATCH: usize = 100;
const BATCHES: usize = 2000;

/// The delays of timer_bench.
struct Delays(u64);

impl Delays {
    fn next(&mut self) -> Duration {
        self.0 = self
            .0
            .wrapping_mul(6364136223846793005)
            .wrapping_add(1442695040888963407);
        Duration::from_secs(3600) + Duration::from_nanos((self.0 >> 33) * 1676)
    }
}

/// Runs a function once with the task's context.
struct Once<F>(F);

impl<F: FnMut(&mut Context<'_>) + Unpin> Future for Once<F> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        (self.0)(context);
        Poll::Ready(())
    }
}

/// Polls the timer once, which enters it into the runtime's wheel.
fn start(timer: Pin<&mut Sleep>, context: &mut Context<'_>) {
    assert!(timer.poll(context).is_pending());
}

/// Nanoseconds per timer that is created and dropped at once.
async fn timers_at_once(delays: &mut Delays) -> f64 {
    let begin = Instant::now();
    for _ in 0..BATCHES {
        Once(|context: &mut Context<'_>| {
            for _ in 0..BATCH {
                let timer = tokio::time::sleep(delays.next());
                tokio::pin!(timer);
                start(timer, context);
            }
        })
        .await;
        tokio::task::yield_now().await;
    }
    begin.elapsed().as_nanos() as f64 / (BATCHES * BATCH) as f64
}

/// The same, dropped after a turn of the runtime.
async fn timers_later(delays: &mut Delays) -> f64 {
    let begin = Instant::now();
    for _ in 0..BATCHES {
        let mut timers: Vec<Pin<Box<Sleep>>> = Vec::with_capacity(BATCH);
        Once(|context: &mut Context<'_>| {
            for _ in 0..BATCH {
                let mut timer = Box::pin(tokio::time::sleep(delays.next()));
                start(timer.as_mut(), context);
                timers.push(timer);
            }
        })
        .await;
        tokio::task::yield_now().await;
        drop(timers);
        tokio::task::yield_now().await;
    }
    begin.elapsed().as_nanos() as f64 / (BATCHES * BATCH) as f64
}

/// Nanoseconds per task that is spawned and awaited, `count` at a time.
async fn gather(count: usize) -> f64 {
    let rounds = 200_000 / count;
    let begin = Instant::now();
    for _ in 0..rounds {
        let tasks: Vec<_> = (0..count)
            .map(|i| tokio::spawn(async move { i + 1 }))
            .collect();
        let mut sum = 0;
        for task in tasks {
            sum += task.await.unwrap();
        }
        assert_eq!(sum, count * (count + 1) / 2);
    }
    begin.elapsed().as_nanos() as f64 / (rounds * count) as f64
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let gather_10 = gather(10).await;
        let gather_1000 = gather(1000).await;
        let mut delays = Delays(1);
        let mut alive: Vec<Pin<Box<Sleep>>> = Vec::with_capacity(ALIVE);
        Once(|context: &mut Context<'_>| {
            for _ in 0..ALIVE {
                let mut timer = Box::pin(tokio::time::sleep(delays.next()));
                start(timer.as_mut(), context);
                alive.push(timer);
            }
        })
        .await;
        let at_once = timers_at_once(&mut delays).await;
        let later = timers_later(&mut delays).await;
        println!(
            "{{\"tokio_timer\": {at_once:.2}, \"tokio_timer_later\": {later:.2}, \
             \"tokio_gather/10\": {gather_10:.2}, \"tokio_gather/1000\": {gather_1000:.2}}}"
        );
    });
}
