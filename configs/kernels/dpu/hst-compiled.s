; PrIM HST-S, compiled mix: histogram of uint32 pixels below 4,096, bin = (pixel * bins) >> 12, one
; histogram per tasklet in WRAM, merged after a barrier, written by tasklet 0.
; Mix per pixel: 20 instructions plus the mul_steps of the multiplication (8.87 on average for 256
; bins) - 2 loads, 1 store, 4 branches (call and return included), 13 other - and 19 per block of
; 256: 1 load, 1 transfer, 2 branches, 15 other.
; args: bytes (multiple of 8), MRAM offset, bins (even, at most 256), MRAM offset of the histogram.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   call  r23, barrier
        lw    r11, zero, args
        lw    r10, zero, args+4
        lw    r13, zero, args+8
        lsl   r4, id, 10
        lsl   r12, id, 11
        add   r12, r12, buffers         ; cache of 1,024 bytes, then the histogram
        add   r9, r12, 1024
        move  r16, r9                   ; zeroed by words, as the library's memset does
        lsl_add r15, r9, r13, 2
clear:  sw    r16, 0, 0
        add   r16, r16, 4
        jneq  r16, r15, clear
        jgeu  r4, r11, merge
block:  add   r5, r4, 1024              ; bytes of this block
        jleu  r5, r11, full
        sub   r6, r11, r4
        jump  part
full:   move  r6, 1024
part:   lsr   r7, r6, 3
        sub   r7, r7, 1
        lsl_add r8, r12, r7, 24
        add   r3, r10, r4
        ldma  r8, r3, 0
        lw    r21, zero, args+8         ; arguments of the element loop
        move  r17, r9
        move  r18, r12
        lsr   r14, r6, 2
        move  r15, 0
loop:   lsl   r16, r15, 2
        add   r16, r18, r16
        lw    r0, r16, 0
        move  r1, r21
        call  r23, mul
        lsr   r20, r0, 12
        lsl   r20, r20, 2
        add   r20, r17, r20
        lw    r19, r20, 0
        move  r22, r19
        add   r22, r22, 1
        sw    r20, 0, r22
        add   r15, r15, 1
        jltu  r15, r14, loop
        move  r16, r6
        move  r3, r5
        move  r8, r12
        move  r0, r11
        move  r7, r4
        add   r4, r4, 1024*NTASKLETS
        jltu  r4, r0, block
merge:  call  r23, barrier
        move  r15, id                   ; bins id, id + N, ...
        jgeu  r15, r13, merged
bin:    move  r19, 0
        move  r14, NTASKLETS
        lsl   r20, r15, 2
        add   r20, r20, buffers+1024
sum:    lw    r18, r20, 0
        add   r19, r19, r18
        add   r20, r20, 2048
        sub   r14, r14, 1, nz, sum
        lsl   r20, r15, 2
        sw    r20, buffers+1024, r19
        add   r15, r15, NTASKLETS
        jltu  r15, r13, bin
merged: call  r23, barrier
        jneq  id, 0, done
        lsr   r7, r13, 1                ; bins * 4 bytes in units of 8
        sub   r7, r7, 1
        move  r8, buffers+1024
        lsl_add r8, r8, r7, 24
        lw    r3, zero, args+12
        sdma  r8, r3, 0
done:   stop  true, done

        .include "lib/mul32.s"
        .include "lib/barrier.s"

        .data
args:   .word 0, 0, 256, 0
arrived: .word 0
        .bss
        .balign 8
buffers: .space 2048*NTASKLETS
