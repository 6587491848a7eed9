#!/usr/bin/python3
"""The benchmark peer's game: an X11 window with a moving bar, drawn 60 times a second, and the Test
card's flash area, which changes at once with each press of a button.

Arguments: width height. Prints a line when it is shown. Debian packages: python3-xlib.
"""
import select
import sys
import time

from Xlib import X, display

COLUMNS, ROWS = 64, 36
LEFT, TOP, ACROSS, DOWN = 1, 5, 15, 15


def main():
    width, height = int(sys.argv[1]), int(sys.argv[2])
    server = display.Display()
    screen = server.screen()
    window = screen.root.create_window(
        0,
        0,
        width,
        height,
        0,
        screen.root_depth,
        background_pixel=0x305070,
        override_redirect=True,
        event_mask=X.ButtonPressMask | X.ExposureMask,
    )
    context = window.create_gc()

    def fill(colour, x, y, across, down):
        context.change(foreground=colour)
        window.fill_rectangle(context, x, y, across, down)

    def flash(bright):
        x, y = LEFT * width // COLUMNS, TOP * height // ROWS
        fill(0xFFFFFF if bright else 0, x, y, ACROSS * width // COLUMNS, DOWN * height // ROWS)
        server.flush()

    window.map()
    server.sync()
    flash(False)
    server.sync()
    print("ready", flush=True)
    presses = 0
    frame = 0
    bar = width // 20
    due = time.monotonic()
    while True:
        while server.pending_events():
            event = server.next_event()
            if event.type == X.ButtonPress:
                presses += 1
            if event.type in (X.ButtonPress, X.Expose):
                flash(presses % 2 == 1)
        now = time.monotonic()
        if now >= due:
            y, down = height * 3 // 4, height // 6
            fill(0x305070, frame * 8 % width, y, bar, down)
            frame += 1
            fill(0xE0C040, frame * 8 % width, y, bar, down)
            server.flush()
            due = max(due + 1 / 60, now)
        select.select([server.fileno()], [], [], max(0, due - time.monotonic()))


main()
