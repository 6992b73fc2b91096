; Transposition in place of a matrix of 8-byte elements, args = rows, columns: tasklets take the next
; start from a counter under a lock and follow its cycle of the permutation until an element that was
; moved already. One bit an element says so; its 8-byte word in MRAM is read and written under a
; second lock, by an address with low bits that the DMA engine drops, as PrIM's kernel has it.
        .include "start.s"
        .globl kernel
kernel: sd    r22, 8, d22
        add   r22, r22, 16
        lw    r17, zero, args + 4       ; columns
        move  r0, r16
        move  r1, r17
        call  r23, mul
        add   r18, r0, -1               ; last element: it and the first stay
next:   call  r23, start_of_a_cycle
        jgeu  r0, r18, done
        move  r19, r0
        move  r0, r19
        call  r23, target_of
        jeq   r0, r19, next
        move  r20, r0
        move  r0, r19
        move  r4, 0                     ; look only
        call  r23, moved
        jnz   r0, next
        sw    r22, -16, r14             ; the element that travels, in the first buffer
follow: move  r0, r20
        move  r4, 1
        call  r23, moved                ; also brings what stands there into the second
        jnz   r0, next
        move  r0, r14
        lsl   r1, r20, 3
        add   r1, r1, output
        move  r2, 8
        call  r23, mram_write
        ld    d0, r15, 0
        sd    r14, 0, d0
        move  r0, r20
        call  r23, target_of
        move  r20, r0
        jump  follow
done:   ld    d22, r22, -8
        jump  r23

start_of_a_cycle:
        acquire zero, counter_lock, nz, .
        lw    r0, zero, counter
        add   r1, r0, 1
        sw    zero, counter, r1
        release zero, counter_lock, nz, .+1
        jump  r23

; r0 = (r0 % columns) * rows + r0 / columns
target_of:
        sd    r22, 8, d22
        add   r22, r22, 16
        move  r1, r0
        move  r10, r17
        call  r23, div
        sw    r22, -16, r0
        move  r0, r1
        move  r1, r16
        call  r23, mul
        lw    r1, r22, -16
        add   r0, r0, r1
        ld    d22, r22, -8
        jump  r23

; r0 = 1 when the element r0 was moved. Else, with r4 = 0, its value goes to the first buffer; with
; r4 = 1 to the second, and it counts as moved from now on.
moved:  sd    r22, 16, d22
        add   r22, r22, 24
        move  r5, r0
        acquire zero, bits_lock, nz, .
        add   r0, r14, 16
        add   r1, r5, bits              ; bit r5 % 8 of the word at (bits + r5) & -8
        move  r2, 8
        call  r23, mram_read
        lbu   r6, r14, 16
        and   r7, r5, 7
        lsr   r0, r6, r7
        and   r0, r0, 1
        jnz   r0, 3f
        move  r0, r14
        jz    r4, 1f
        move  r0, r15
1:      lsl   r1, r5, 3
        add   r1, r1, output
        call  r23, mram_read
        jz    r4, 2f
        lsl   r7, one, r7
        or    r6, r6, r7
        sb    r14, 16, r6
        add   r0, r14, 16
        add   r1, r5, bits
        call  r23, mram_write
2:      move  r0, 0
3:      release zero, bits_lock, nz, .+1
        ld    d22, r22, -8
        jump  r23
        .include "../../../../configs/kernels/dpu/lib/mul32.s"
        .include "../../../../configs/kernels/dpu/lib/div32.s"
        .section .atomic.locks, "aw"
        .equ  counter_lock, 20
        .equ  bits_lock, 21
        .space 8
        .section .data.counter, "aw"
        .balign 4
counter: .word 0
        .section .mram, "aw"
        .balign 8
        .globl output
output: .space 65536
bits:   .space 8192
