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

; r0 = r0 * r1 (low 32 bits): 6 instructions on either path plus max(1, bit length of the smaller
; operand) mul_steps. Changes r1, r2; return address r23.
mul:    jgtu  r1, r0, swap
        move  r2, r0
        move  r0, r1, true, go
swap:   move  r2, r1
        move  r0, r0
go:     move  r1, zero
        mul_step d0, r2, d0, 0, z, product
        mul_step d0, r2, d0, 1, z, product
        mul_step d0, r2, d0, 2, z, product
        mul_step d0, r2, d0, 3, z, product
        mul_step d0, r2, d0, 4, z, product
        mul_step d0, r2, d0, 5, z, product
        mul_step d0, r2, d0, 6, z, product
        mul_step d0, r2, d0, 7, z, product
        mul_step d0, r2, d0, 8, z, product
        mul_step d0, r2, d0, 9, z, product
        mul_step d0, r2, d0, 10, z, product
        mul_step d0, r2, d0, 11, z, product
        mul_step d0, r2, d0, 12, z, product
        mul_step d0, r2, d0, 13, z, product
        mul_step d0, r2, d0, 14, z, product
        mul_step d0, r2, d0, 15, z, product
        mul_step d0, r2, d0, 16, z, product
        mul_step d0, r2, d0, 17, z, product
        mul_step d0, r2, d0, 18, z, product
        mul_step d0, r2, d0, 19, z, product
        mul_step d0, r2, d0, 20, z, product
        mul_step d0, r2, d0, 21, z, product
        mul_step d0, r2, d0, 22, z, product
        mul_step d0, r2, d0, 23, z, product
        mul_step d0, r2, d0, 24, z, product
        mul_step d0, r2, d0, 25, z, product
        mul_step d0, r2, d0, 26, z, product
        mul_step d0, r2, d0, 27, z, product
        mul_step d0, r2, d0, 28, z, product
        mul_step d0, r2, d0, 29, z, product
        mul_step d0, r2, d0, 30, z, product
        mul_step d0, r2, d0, 31
product: move r0, r1
        jump  r23

; All tasklets meet here; the last one wakes the others. Return address r23; changes r16.
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

        .data
args:   .word 0, 0, 0, 0, 0
arrived: .word 0
        .balign 8
sums:   .space 8*NTASKLETS
        .bss
        .balign 8
cells:  .space 16*NTASKLETS
samples: .space 8192
