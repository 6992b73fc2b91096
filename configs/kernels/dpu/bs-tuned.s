; PrIM BS made fast: every (keys / 1,024)-th key is kept in WRAM, so that only the last levels of the
; search go to MRAM, with 8-byte transfers: 9 of 44 engine cycles per query for 131,072 keys.
; args: MRAM offset of the keys, of their end (keys: a power of two from 2,048), any, MRAM offset of
; the queries, queries per tasklet. Result: `sums`, per tasklet the sum of the indices found (-1: not
; found).
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   lw    r12, zero, args           ; samples, dealt out to the tasklets
        lw    r13, zero, args+4
        sub   r13, r13, r12
        lsr   r13, r13, 10              ; bytes between samples
        move  r15, id
        move  r0, id
        move  r1, r13
        call  r23, mul
        add   r14, r0, r12
        move  r0, r13
        move  r1, NTASKLETS
        call  r23, mul                  ; bytes from one of its samples to the next
sample: lsl   r8, r15, 3
        add   r8, r8, samples
        ldma  r8, r14, 0
        add   r14, r14, r0
        add   r15, r15, NTASKLETS
        jleu  r15, 1023, sample
        call  r23, barrier
        lw    r20, zero, args+16
        lw    r21, zero, args+12
        move  r0, id
        move  r1, r20
        call  r23, mul
        lsl_add r21, r21, r0, 3
        lsl   r7, id, 4                 ; query, probe
        add   r7, r7, cells
        add   r9, r7, 8
        lsl   r22, id, 3
        move  r18, 0
        move  r19, 0
        jz    r20, done
; Invariant of both searches: the answer lies in [r14, r14 + 2 * r15).
query:  ldma  r7, r21, 0
        add   r21, r21, 8
        ld    d10, r7, 0
        move  r14, samples
        move  r15, 4096                 ; half of the samples, in bytes
near:   add   r8, r14, r15
        ld    d2, r8, 0
        lsr   r15, r15, 1
        sub   r4, r11, r3
        subc  r4, r10, r2, lts, below
        move  r14, r8
below:  jgtu  r15, 7, near
        sub   r14, r14, samples         ; the place in MRAM
        lsr   r0, r14, 3
        move  r1, r13
        call  r23, mul
        add   r14, r0, r12
        lsr   r15, r13, 1
far:    add   r8, r14, r15
        ldma  r9, r8, 0
        ld    d2, r9, 0
        lsr   r15, r15, 1
        sub   r4, r11, r3
        subc  r4, r10, r2, lts, lower
        move  r14, r8
lower:  jgtu  r15, 7, far
        ldma  r9, r14, 0
        ld    d2, r9, 0
        jneq  r3, r11, none
        jneq  r2, r10, none
        sub   r8, r14, r12
        lsr   r8, r8, 3
        add   r19, r19, r8
        addc  r18, r18, 0, true, next
none:   sub   r19, r19, 1
        subc  r18, r18, 0
next:   sub   r20, r20, 1, nz, query
        sd    r22, sums, d18
done:   stop  true, done

        .include "lib/mul32.s"
        .include "lib/barrier.s"

        .data
args:   .word 0, 0, 0, 0, 0
arrived: .word 0
        .balign 8
sums:   .space 8*NTASKLETS
        .bss
        .balign 8
cells:  .space 16*NTASKLETS
samples: .space 8192
