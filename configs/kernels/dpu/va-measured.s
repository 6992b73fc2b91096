; PrIM VA as the executables behind published times seem to have been: B[i] += A[i] over int32. What
; differs from va-compiled.s is known from times alone:
;   * ten instructions an element (pointers that are incremented; the compiler's -O1 loop):
;     2 loads, 1 store, 1 branch, 6 other;
;   * every tasklet writes a line of text under a lock, character by character, 30 instructions each.
;     FIRST = 1: before the barrier, where the public source has it; 22 characters are the 0.36 ms a
;     launch, beside the kernel, of the first set of times. FIRST = 0: behind it; 15 characters leave
;     the tasklets far enough apart that few of them never meet at the DMA engine again, as in the
;     second set.
; args: bytes per vector (multiple of 8), MRAM offset of A, of B.
        .ifndef FIRST
        .equ  FIRST, 1
        .endif
        .ifndef LINE
        .equ  LINE, 15 + 7 * FIRST      ; characters of a line; 0 = nothing is written
        .endif

        .macro write_line
turn:   acquire zero, 1, nz, turn
        move  r0, LINE
        lw    r1, zero, written
char:   add   r2, r0, 64
        move  r3, 8
digit:  lsr   r4, r2, r3
        add   r2, r2, r4
        sub   r3, r3, 1, nz, digit
        and   r3, r1, 255
        sb    r3, text, r2
        add   r1, r1, 1
        sub   r0, r0, 1, nz, char
        sw    zero, written, r1
        release zero, 1, nz, said
said:
        .endm

        jeq   id, NTASKLETS-1, main
        boot  id, 1
main:
        .if LINE && FIRST
        write_line
        .endif
        call  r23, barrier
        .if LINE && FIRST == 0
        write_line
        .endif
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
loop:   lw    r19, r16, 0
        lw    r21, r17, 0
        add   r21, r21, r19
        sw    r17, 0, r21
        add   r16, r16, 4
        add   r17, r17, 4
        add   r15, r15, 1
        move  r18, r15
        move  r20, r14
        jltu  r18, r20, loop
        lsr   r7, r6, 3                 ; B back
        sub   r7, r7, 1
        lsl_add r11, r3, r7, 24
        add   r12, r13, r4
        sdma  r11, r12, 0
        add   r4, r4, 1024*NTASKLETS
        jltu  r4, r1, block
done:   stop  true, done

        .include "lib/barrier.s"

        .data
args:   .word 0, 0, 0
arrived: .word 0
written: .word 0
        .bss
        .balign 8
text:   .space 256
buffers: .space 2048*NTASKLETS
