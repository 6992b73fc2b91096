; PrIM VA, compiled mix: B[i] += A[i] over int32, blocks of 1,024 bytes dealt out to the tasklets.
; Mix per element (prim-instruction-mix: compiled with -O2): 8 instructions in the loop - 2 loads,
; 1 store, 1 branch, 4 other - and 25 per block of 256: 3 transfers, 2 branches, 20 other.
; args: bytes per vector (multiple of 8), MRAM offset of A, of B.
        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:   call  r23, barrier
        lw    r1, zero, args
        lw    r10, zero, args+4
        lw    r13, zero, args+8
        lsl   r4, id, 10
        lsl   r2, id, 11
        add   r2, r2, buffers
        add   r3, r2, 1024
        jgeu  r4, r1, done
block:  add   r5, r4, 1024              ; bytes of this block
        jleu  r5, r1, full
        sub   r6, r1, r4
        jump  part
full:   move  r6, 1024
part:   lsr   r7, r6, 3                 ; A
        sub   r7, r7, 1
        lsl_add r8, r2, r7, 24
        add   r9, r10, r4
        ldma  r8, r9, 0
        lsr   r7, r6, 3                 ; B
        sub   r7, r7, 1
        lsl_add r11, r3, r7, 24
        add   r12, r13, r4
        ldma  r11, r12, 0
        move  r16, r2                   ; arguments of the element loop
        move  r17, r3
        lsr   r14, r6, 2
        move  r15, 0
loop:   lsl_add r18, r16, r15, 2
        lw    r19, r18, 0
        lsl_add r20, r17, r15, 2
        lw    r21, r20, 0
        add   r21, r21, r19
        sw    r20, 0, r21
        add   r15, r15, 1
        jltu  r15, r14, loop
        lsr   r7, r6, 3                 ; B back
        sub   r7, r7, 1
        lsl_add r11, r3, r7, 24
        add   r12, r13, r4
        sdma  r11, r12, 0
        move  r18, r6
        add   r4, r4, 1024*NTASKLETS
        jltu  r4, r1, block
done:   stop  true, done

        .include "lib/barrier.s"

        .data
args:   .word 0, 0, 0
arrived: .word 0
        .bss
        .balign 8
buffers: .space 2048*NTASKLETS
