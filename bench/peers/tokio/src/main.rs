// tokio's timers, tasks and channels on its current-thread runtime, and jobs in its threads for blocking calls, as the
// C++ benchmarks do them with ours. Prints nanoseconds per item as JSON: of processor time; of the clock on the wall where
// several threads take part.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::time::Sleep;

const ALIVE: usize = 100_000;
const BATCH: usize = 100;
const BATCHES: usize = 2000;

const JOBS: usize = 10_000;
const WORKERS: usize = 2;

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}
extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

/// Of this process, in nanoseconds.
fn processor_time() -> f64 {
    const CLOCK_PROCESS_CPUTIME_ID: i32 = 2;
    let mut time = Timespec {
        seconds: 0,
        nanoseconds: 0,
    };
    assert_eq!(unsafe { clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &mut time) }, 0);
    time.seconds as f64 * 1e9 + time.nanoseconds as f64
}

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
    let begin = processor_time();
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
    (processor_time() - begin) / (BATCHES * BATCH) as f64
}

/// The same, dropped after a turn of the runtime.
async fn timers_later(delays: &mut Delays) -> f64 {
    let begin = processor_time();
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
    (processor_time() - begin) / (BATCHES * BATCH) as f64
}

/// Nanoseconds per task that is spawned and awaited, `count` at a time.
async fn gather(count: usize) -> f64 {
    let rounds = 200_000 / count;
    let begin = processor_time();
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
    (processor_time() - begin) / (rounds * count) as f64
}

/// Nanoseconds per item that goes from one task to another.
async fn items(capacity: usize, count: usize) -> f64 {
    let (sender, mut receiver) = tokio::sync::mpsc::channel(capacity);
    let begin = processor_time();
    let producer = tokio::spawn(async move {
        for i in 0..count {
            sender.send(i).await.unwrap();
        }
    });
    let consumer = tokio::spawn(async move {
        let mut sum = 0;
        while let Some(item) = receiver.recv().await {
            sum += item;
        }
        sum
    });
    producer.await.unwrap();
    assert_eq!(consumer.await.unwrap(), count * (count - 1) / 2);
    (processor_time() - begin) / count as f64
}

fn turn_around(mut text: Vec<u8>) -> Vec<u8> {
    let last = text.len() - 1;
    text.swap(0, last);
    text
}

/// Nanoseconds per job of 1 KiB in and out, `in_flight` at a time.
async fn blocking_jobs(in_flight: usize) -> f64 {
    let text = vec![b'x'; 1024];
    let mut flying = VecDeque::with_capacity(in_flight);
    let begin = Instant::now();
    for _ in 0..JOBS {
        if flying.len() == in_flight {
            let job: tokio::task::JoinHandle<Vec<u8>> = flying.pop_front().unwrap();
            assert_eq!(job.await.unwrap().len(), text.len());
        }
        let text = text.clone();
        flying.push_back(tokio::task::spawn_blocking(move || turn_around(text)));
    }
    for job in flying {
        job.await.unwrap();
    }
    begin.elapsed().as_nanos() as f64 / JOBS as f64
}

fn main() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .max_blocking_threads(WORKERS)
        .build()
        .unwrap();
    runtime.block_on(async {
        let gather_10 = gather(10).await;
        let gather_1000 = gather(1000).await;
        items(1024, 100_000).await;
        let items_1 = items(1, 500_000).await;
        let items_1024 = items(1024, 1_000_000).await;
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
        blocking_jobs(50).await;
        let job = blocking_jobs(1).await;
        let job_many = blocking_jobs(50).await;
        println!(
            "{{\"tokio_timer\": {at_once:.2}, \"tokio_timer_later\": {later:.2}, \
             \"tokio_gather/10\": {gather_10:.2}, \"tokio_gather/1000\": {gather_1000:.2}, \
             \"tokio_items/1\": {items_1:.2}, \"tokio_items/1024\": {items_1024:.2}, \
             \"tokio_job/1\": {job:.2}, \"tokio_job/50\": {job_many:.2}}}"
        );
    });
}
