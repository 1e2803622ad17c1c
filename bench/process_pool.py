"""What process_bench measures, with CPython's ProcessPoolExecutor: microseconds for each job of 1 KiB in and out."""
import asyncio
import collections
import concurrent.futures
import time

JOBS = 10_000
IN_FLIGHT = 50


def turn_around(text):
    return text[-1:] + text[1:-1] + text[:1]


async def main():
    loop = asyncio.get_running_loop()
    text = b"x" * 1024
    with concurrent.futures.ProcessPoolExecutor(max_workers=2) as pool:
        await asyncio.gather(*(loop.run_in_executor(pool, turn_around, text) for _ in range(100)))
        start = time.perf_counter()
        for _ in range(JOBS):
            await loop.run_in_executor(pool, turn_around, text)
        one = time.perf_counter() - start
        start = time.perf_counter()
        flying = collections.deque()
        for _ in range(JOBS):
            if len(flying) == IN_FLIGHT:
                await flying.popleft()
            flying.append(loop.run_in_executor(pool, turn_around, text))
        await asyncio.gather(*flying)
        many = time.perf_counter() - start
    print(f"one at a time: {one / JOBS * 1e6:.1f} us   {IN_FLIGHT} in flight: {many / JOBS * 1e6:.1f} us")


if __name__ == "__main__":
    asyncio.run(main())
