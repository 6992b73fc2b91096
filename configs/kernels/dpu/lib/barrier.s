; All tasklets meet here; the last one wakes the others. Return address r23; changes r16.
; Needs a word `arrived` in WRAM that is 0 at the start, and lock 0.
barrier: acquire zero, 0, nz, barrier
        lw    r16, zero, arrived
        add   r16, r16, 1
        jeq   r16, NTASKLETS, last
        sw    zero, arrived, r16
        release zero, 0, nz, sleep
sleep:  stop  true, awake
awake:  jump  r23
last:   sw    zero, arrived, 0
        release zero, 0, nz, rouse
rouse:  move  r16, NTASKLETS-1
wake:   jeq   id, r16, other
again:  resume r16, 0, nz, again
other:  sub   r16, r16, 1, pl, wake
        jump  r23
